// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.capstan.Compiled;
import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.Tensor;
import dev.capstan.runtime.spi.PathReport.Kind;
import dev.capstan.runtime.spi.Tier;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Computations along rows of tensors that are large enough to be done in several bands: the same bits as in eager mode. */
@Tag("everywhere")
class RowsInRegionsTest extends BothModes {
    private static final Generator GENERATOR = new Generator(11);
    private static final Tensor WEIGHT = GENERATOR.normal(DType.FLOAT32, 140);
    private static final Tensor BIAS = GENERATOR.normal(DType.FLOAT32, 140);
    private static final Tensor MASK = GENERATOR.normal(DType.FLOAT32, 90, 140).gt(0.7);
    private static final Tensor CLASSES =
            GENERATOR.normal(DType.FLOAT32, 270).mul(40).abs().to(DType.INT64).clampMax(139);

    static Stream<Arguments> cases() {
        return Stream.of(
                of("softmax", x -> x.softmax(-1)),
                of(
                        "softmax of what a mask leaves",
                        x -> x.maskedFill(MASK, -1e9).softmax(-1)),
                of("softmax of columns", x -> x.softmax(1)),
                of("logSoftmax", x -> x.logSoftmax(-1)),
                of("crossEntropy", x -> F.crossEntropy(x.reshape(270, 140), CLASSES)),
                of("layerNorm", x -> F.layerNorm(x, Shape.of(140), WEIGHT, BIAS, 1e-5)),
                of("layerNorm after a residual", x -> {
                    Tensor sum = x.tanh().add(x);
                    return F.layerNorm(sum, Shape.of(140), WEIGHT, null, 1e-5).add(sum);
                }),
                of("norm", x -> x.div(x.norm(true, -1).add(1))),
                of("softmax twice", x -> x.softmax(-1).mul(5).softmax(-1)),
                of("attention", x -> F.scaledDotProductAttention(x, x.tanh(), x.neg(), true)));
    }

    private static Arguments of(String name, UnaryOperator<Tensor> operator) {
        return arguments(name, operator);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void bandsEqualEager(String name, UnaryOperator<Tensor> operator) {
        Tensor values = new Generator(3).normal(DType.FLOAT32, 3, 90, 140);
        try (var tier = Compiled.inTier(Tier.GENERATED)) {
            assertSame(() -> {
                Tensor x = values.copy().requiresGrad(true);
                Tensor y = region.call(() -> operator.apply(x.mul(1.5)));
                y.mul(y).sum().backward();
                return List.of(y, x.grad());
            });
            assertSame(() -> {
                Tensor x = values.copy().requiresGrad(true);
                Tensor loss = region.call(() -> {
                    Tensor y = operator.apply(x.mul(1.5));
                    Tensor sum = y.mul(y).sum();
                    sum.backward();
                    return sum;
                });
                return List.of(loss.detach(), x.grad());
            });
        }
        if (!name.equals("softmax of columns")) {
            assertTrue(text(Kind.KERNELS).lines().anyMatch(line -> line.matches(" *\\d+  rows .*")), name);
            assertTrue(text(Kind.JAVA).contains("(int row = 0; row < "), name);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void bandsThatAreWrittenToGivenTensorsEqualEager(String name, UnaryOperator<Tensor> operator) {
        Tensor values = new Generator(4).normal(DType.FLOAT32, 3, 90, 140);
        try (var tier = Compiled.inTier(Tier.GENERATED)) {
            assertSame(() -> {
                Tensor given = values.neg();
                Tensor replaced = values.copy();
                Tensor sum = region.call(() -> {
                    given.copy_(operator.apply(values.mul(1.5)));
                    Tensor before = replaced.mul(2);
                    replaced.copy_(operator.apply(replaced));
                    return replaced.add(before).sum();
                });
                return List.of(given, replaced, sum);
            });
        }
    }

    private String text(Kind kind) {
        StringBuilder text = new StringBuilder();
        region.report().stream()
                .flatMap(path -> path.artifacts().stream())
                .filter(artifact -> artifact.kind() == kind)
                .forEach(artifact -> text.append(new String(artifact.content(), StandardCharsets.UTF_8)));
        return text.toString();
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.capstan.Autograd;
import dev.capstan.Compiled;
import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.Tensor;
import dev.capstan.runtime.spi.Tier;
import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Operators of models, each between others that are fused with it: forward, backward in both places, and twice. */
@Tag("everywhere")
class OperatorsInRegionsTest extends BothModes {
    private static final List<int[]> SHAPES = List.of(new int[] {3, 40}, new int[] {17, 5}, new int[] {2, 3, 4});

    static Stream<Arguments> cases() {
        List<Arguments> cases = new ArrayList<>();
        add(cases, "amax", x -> x.amax(true, -1));
        add(cases, "amin", x -> x.amin(0));
        add(cases, "max", x -> x.max());
        add(cases, "min", x -> x.min());
        add(cases, "logSumExp", x -> x.logSumExp(-1));
        add(cases, "logSumExp kept", x -> x.logSumExp(true, 0));
        add(cases, "softmax", x -> x.softmax(-1));
        add(cases, "softmax of columns", x -> F.softmax(x, 0));
        add(cases, "logSoftmax", x -> F.logSoftmax(x, -1));
        return cases.stream();
    }

    private static void add(List<Arguments> cases, String name, UnaryOperator<Tensor> operator) {
        cases.add(arguments(name, operator));
    }

    private static Stream<Tensor> inputs() {
        // rounded, so that some elements are equal
        return Stream.of(DType.FLOAT32, DType.FLOAT64)
                .flatMap(dtype -> SHAPES.stream()
                        .map(sizes -> new Generator(3)
                                .normal(dtype, sizes)
                                .mul(4)
                                .to(DType.INT64)
                                .to(dtype)
                                .div(4)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void compiledEqualsEager(String name, UnaryOperator<Tensor> operator) {
        inputs().forEach(values -> assertSame(() -> {
            Tensor x = values.copy().requiresGrad(true);
            Tensor y = region.call(() -> operator.apply(x.mul(1.5)).mul(2));
            y.mul(y).sum().backward();
            return List.of(y, x.grad());
        }));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void aStepEqualsEager(String name, UnaryOperator<Tensor> operator) {
        try (var tier = Compiled.inTier(Tier.GENERATED)) {
            inputs().forEach(values -> assertSame(() -> {
                Tensor x = values.copy().requiresGrad(true);
                Tensor loss = region.call(() -> {
                    Tensor y = operator.apply(x.mul(1.5)).mul(2);
                    Tensor sum = y.mul(y).sum();
                    sum.backward();
                    return sum;
                });
                return List.of(loss.detach(), x.grad());
            }));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void secondDerivativesEqualEager(String name, UnaryOperator<Tensor> operator) {
        assertSame(() -> {
            Tensor x = normal(5, 4, 6).requiresGrad(true);
            Tensor y = region.call(() -> operator.apply(x.mul(1.5)).mul(2));
            Tensor first =
                    Autograd.grad(y.mul(y).sum(), List.of(x), null, false, true).get(0);
            first.mul(first).sum().backward();
            return List.of(first.detach(), x.grad());
        });
    }
}

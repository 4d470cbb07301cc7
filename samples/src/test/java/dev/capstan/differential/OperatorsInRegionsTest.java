// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.capstan.Autograd;
import dev.capstan.Compiled;
import dev.capstan.ConvolutionOptions;
import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.LossOptions;
import dev.capstan.PoolingOptions;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.runtime.spi.Tier;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Operators of models, each between others that are fused with it: forward, backward in both places, and twice. */
@Tag("everywhere")
class OperatorsInRegionsTest extends BothModes {
    private static final List<int[]> SHAPES = List.of(new int[] {3, 40}, new int[] {17, 5}, new int[] {2, 3, 4});

    /** Indices that are right for all shapes. */
    private static final Tensor NUMBERS = Tensor.of(new long[] {1, 0, 1, 1, 0});

    private static final Tensor ROW = NUMBERS.reshape(1, 5);

    private static int[] sizes(Tensor x, int last) {
        int[] sizes = x.shape().sizes();
        sizes[sizes.length - 1] = last;
        return sizes;
    }

    private static final Tensor CLASSES = Tensor.of(new long[] {1, 2, 0, 1, 1, 2, 0, 0, 2, 1, 2, 0, 1, 2, 0, 0, 1});

    private static Tensor targets(Tensor x) {
        return CLASSES.narrow(0, 0, x.size(0));
    }

    private static final ConvolutionOptions SLIDING = ConvolutionOptions.standard();

    /** A batch of sequences with one channel. */
    private static Tensor channels(Tensor x) {
        return x.flatten(1, -1).unsqueeze(1);
    }

    /** One image with one channel. */
    private static Tensor image(Tensor x) {
        return x.flatten(1, -1).unsqueeze(0);
    }

    private static Tensor weight(Tensor x, int... sizes) {
        return x.flatten(0, -1)
                .narrow(0, 1, Shape.of(sizes).elements())
                .reshape(sizes)
                .sin();
    }

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
        add(cases, "max of rows", x -> x.max(-1).values());
        add(cases, "min of columns", x -> x.min(true, 0).values());
        add(cases, "argmax", x -> x.mul(x.argmax(true, -1).add(1)));
        add(cases, "argmin of all", x -> x.mul(x.argmin()));
        add(cases, "indexSelect", x -> x.indexSelect(-1, NUMBERS));
        add(cases, "indexAdd", x -> x.indexAdd(-1, NUMBERS, x.narrow(-1, 0, 1).expand(sizes(x, 5))));
        add(cases, "gather", x -> x.flatten(1, -1).gather(0, ROW));
        add(cases, "scatterAdd", x -> x.flatten(1, -1).scatterAdd(1, ROW, x.flatten(1, -1)));
        add(cases, "embedding", x -> F.embedding(NUMBERS.reshape(-1, 1), x.flatten(1, -1)));
        add(cases, "embedding with padding", x -> F.embedding(NUMBERS, x.flatten(1, -1), 0));
        add(cases, "oneHot", x -> x.sum().mul(F.oneHot(NUMBERS, 2)));
        add(cases, "crossEntropy", x -> F.crossEntropy(x.flatten(1, -1), targets(x)));
        add(
                cases,
                "crossEntropy of parts",
                x -> F.crossEntropy(
                        x.flatten(1, -1),
                        targets(x),
                        LossOptions.standard()
                                .withIgnoreIndex(1)
                                .withLabelSmoothing(0.125)
                                .withWeight(
                                        x.detach().flatten(1, -1).select(0, 0).abs())
                                .withReduction(F.Reduction.SUM)));
        add(cases, "gelu", F::gelu);
        add(cases, "gelu by tanh", x -> F.gelu(x, true));
        add(cases, "silu", F::silu);
        add(cases, "leakyRelu", x -> F.leakyRelu(x, 0.125));
        add(cases, "elu", x -> F.elu(x, 0.5));
        add(cases, "softplus", F::softplus);
        add(cases, "erf", Tensor::erf);
        add(cases, "rsqrt", x -> x.abs().add(0.5).rsqrt());
        add(cases, "reciprocal", x -> x.abs().add(0.5).reciprocal());
        add(cases, "log1p", x -> x.abs().log1p());
        add(cases, "expm1", x -> x.mul(0.25).expm1());
        add(
                cases,
                "rounding",
                x -> x.floor().add(x.ceil().mul(x)).add(x.round()).sub(x.trunc()));
        add(
                cases,
                "tests",
                x -> x.maskedFill(x.isnan().logicalOr(x.isinf()).logicalXor(x.isfinite()), 0.5)
                        .add(x));
        add(cases, "var", x -> x.var(1, true, -1));
        add(cases, "std", x -> x.std(0, false, 0));
        add(cases, "norm", x -> x.norm(true, -1));
        add(cases, "layerNorm", x -> F.layerNorm(x, Shape.of(x.size(-1)), null, null, 1e-5));
        add(
                cases,
                "layerNorm with weight and bias",
                x -> F.layerNorm(
                        x,
                        Shape.of(x.size(-1)),
                        x.flatten(0, -2).select(0, 0),
                        x.flatten(0, -2).select(0, 1),
                        1e-5));
        add(cases, "cumsum", x -> x.cumsum(-1).add(x.cumsum(0)));
        add(cases, "tril", x -> x.tril(1).sub(x.triu(-1)));
        add(cases, "maskedFill", x -> x.maskedFill(x.gt(0), x.sum()));
        add(cases, "attention", x -> F.scaledDotProductAttention(x, x.tanh(), x.exp(), false));
        add(cases, "causal attention", x -> F.scaledDotProductAttention(x, x.tanh(), x.neg(), true));
        add(cases, "pad", x -> F.pad(x, 0.5, 1, -1).add(F.pad(x, 0, -1, 1)));
        add(cases, "conv1d", x -> F.conv1d(channels(x), weight(x, 2, 1, 2), null, SLIDING));
        add(
                cases,
                "conv1d by groups",
                x -> F.conv1d(
                        Tensor.cat(List.of(channels(x), channels(x).tanh()), 1),
                        weight(x, 4, 1, 2),
                        weight(x, 4),
                        SLIDING.withGroups(2).withStride(2).withPadding(1)));
        add(cases, "conv2d", x -> F.conv2d(image(x), weight(x, 2, 1, 2, 2), weight(x, 2), SLIDING.withPadding(0, 1)));
        add(
                cases,
                "conv2d of the same size",
                x -> F.conv2d(
                        image(x),
                        weight(x, 1, 1, 2, 3),
                        null,
                        SLIDING.withSamePadding().withDilation(1, 2)));
        add(cases, "conv2d pointwise", x -> F.conv2d(image(x), weight(x, 3, 1, 1, 1), weight(x, 3), SLIDING));
        PoolingOptions window = PoolingOptions.ofSize(2);
        add(cases, "maxPool1d", x -> F.maxPool1d(channels(x), window.withCeil(true)));
        add(
                cases,
                "maxPool2d",
                x -> F.maxPool2d(image(x), window.withStride(1, 2).withPadding(1)));
        add(cases, "avgPool1d", x -> F.avgPool1d(channels(x), window));
        add(
                cases,
                "avgPool2d",
                x -> F.avgPool2d(
                        image(x), window.withStride(2, 1).withPadding(1).withCeil(true)));
        add(cases, "adaptiveAvgPool1d", x -> F.adaptiveAvgPool1d(channels(x), 3));
        add(cases, "adaptiveAvgPool2d", x -> F.adaptiveAvgPool2d(image(x), 1, 2));
        add(
                cases,
                "parts",
                x -> Tensor.cat(x.split(2, -1), -1)
                        .mul(x.chunk(2, 0).get(0).select(0, 0))
                        .add(x.unbind(0).get(1)));
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

    @Test
    void indicesFromOutsideInterruptNothing() {
        Tensor index = Tensor.of(new long[] {2, 0, 1, 1, 0, 2}).reshape(2, 3);
        assertSame(() -> {
            Tensor weight = leaf(1, 3, 4);
            Tensor loss = region.call(() -> {
                Tensor rows = F.embedding(index.narrow(1, 1, 2).reshape(-1), weight.tanh());
                Tensor sum = F.crossEntropy(rows, index.narrow(1, 0, 2).t().reshape(-1));
                sum.backward();
                return sum;
            });
            return List.of(loss.detach(), weight.grad());
        });
        region.report().forEach(path -> assertEquals(List.of(), path.bailOuts()));
    }

    @Test
    void indicesThatARegionComputesAreLookedAt() {
        assertSame(() -> {
            Tensor x = leaf(1, 3, 4);
            Tensor y = region.call(() -> {
                Tensor index = x.detach().gt(0).to(DType.INT64);
                return x.tanh().gather(1, index);
            });
            y.sum().backward();
            return List.of(y, x.grad());
        });
        assertTrue(region.report().stream().anyMatch(path -> !path.bailOuts().isEmpty()));
    }

    @Test
    void aWrongIndexIsRefusedWhereEagerModeRefusesIt() {
        Tensor index = Tensor.of(new long[] {0, 1, 2});
        for (Stance stance : List.of(Stance.EAGER, Stance.COMPILE_NOW)) {
            for (long last : new long[] {2, 3, -1, 1}) {
                index.set(2, Tensor.scalar(last));
                List<Tensor> reached = new ArrayList<>();
                Supplier<Tensor> body = () -> region.call(() -> {
                    reached.add(normal(1, 3).exp());
                    Tensor rows =
                            F.embedding(index.narrow(0, 1, 2), normal(2, 3, 4).mul(2));
                    reached.add(rows);
                    return rows.sum();
                });
                if (last == 2 || last == 1) {
                    under(stance, body::get);
                    assertEquals(2, reached.size());
                } else {
                    CapstanException e = assertThrows(CapstanException.class, () -> under(stance, body::get));
                    assertEquals("embedding: index out of range", e.operator() + ": " + e.rule());
                    assertTrue(e.getMessage().contains(last + " for dimension 0 of [3,4]"), e.getMessage());
                    assertTrue(e.getMessage().contains("OperatorsInRegionsTest.java"), e.getMessage());
                    assertEquals(1, reached.size());
                    assertTrue(reached.get(0).sum().item() > 0);
                }
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.capstan.ConvolutionOptions;
import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.LossOptions;
import dev.capstan.PoolingOptions;
import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Layers without a state against PyTorch's, float64: {@code layers.py} beside the file of numbers has made it. */
class LayersTest {
    private static final Map<String, Tensor> REFERENCE = Fixture.read("layers.safetensors");

    enum Layer {
        LAYER_NORM(() -> new LayerNorm(5)),
        LAYER_NORM_OF_TWO(() -> new LayerNorm(0.1, true, 4, 5)),
        LAYER_NORM_PLAIN(() -> new LayerNorm(1e-5, false, 4)),
        SOFTMAX(() -> new Softmax(1)),
        LOG_SOFTMAX(() -> new LogSoftmax(-1)),
        SIGMOID(Sigmoid::new),
        EMBEDDING(() -> new Embedding(5, 3)),
        EMBEDDING_WITH_PADDING(() -> new Embedding(5, 3, -1)),
        CONV1D(() -> new Conv1d(4, 6, 3, sliding().withStride(2).withPadding(1).withGroups(2))),
        CONV1D_PLAIN(() -> new Conv1d(2, 3, 2, sliding(), false)),
        CONV2D(() ->
                new Conv2d(2, 3, 3, 2, sliding().withStride(2, 1).withPadding(1).withDilation(1, 2), true)),
        CONV2D_POINTWISE(() -> new Conv2d(3, 4, 1)),
        CONV2D_BY_CHANNEL(() -> new Conv2d(3, 6, 3, sliding().withSamePadding().withGroups(3))),
        MAX_POOL1D(() -> new MaxPool1d(2)),
        MAX_POOL2D(() -> new MaxPool2d(
                PoolingOptions.ofSize(3).withStride(2).withPadding(1).withCeil(true))),
        AVG_POOL1D(() -> new AvgPool1d(
                PoolingOptions.ofSize(3).withStride(2).withPadding(1).withCountsPadding(false))),
        AVG_POOL2D(() -> new AvgPool2d(2)),
        ADAPTIVE_AVG_POOL1D(() -> new AdaptiveAvgPool1d(3)),
        ADAPTIVE_AVG_POOL2D(() -> new AdaptiveAvgPool2d(1, 2)),
        FLATTEN(Flatten::new);

        private final Supplier<Module<Tensor, Tensor>> make;

        Layer(Supplier<Module<Tensor, Tensor>> make) {
            this.make = make;
        }

        private static ConvolutionOptions sliding() {
            return ConvolutionOptions.standard();
        }
    }

    @ParameterizedTest
    @EnumSource(Layer.class)
    void outputsAndGradientsArePyTorchs(Layer layer) {
        Fixture fixture = Fixture.of(REFERENCE, layer);
        Module<Tensor, Tensor> module = layer.make.get();
        module.to(DType.FLOAT64);
        module.loadStateDict(fixture.named("init/"));
        assertEquals(
                List.copyOf(fixture.named("init/").keySet()),
                List.copyOf(module.stateDict().keySet()));
        boolean indices = layer.name().startsWith("EMBEDDING");
        Tensor given = fixture.one("input");
        Tensor input = indices ? given.to(DType.INT64) : given.copy().requiresGrad(true);
        Tensor output = module.apply(input);
        Fixture.assertClose(fixture.one("output"), output, "output");
        output.backward(fixture.one("upstream"));
        Map<String, Tensor> gradients = new LinkedHashMap<>();
        if (!indices) {
            gradients.put("input", input.grad());
        }
        module.namedParameters().forEach((name, parameter) -> gradients.put(name, parameter.grad()));
        Fixture.assertClose(fixture.named("grad/"), gradients);
    }

    @Test
    void normStartsAsPyTorchs() {
        Map<String, Tensor> state = new LayerNorm(2, 3).stateDict();
        assertArrayEquals(new float[] {1, 1, 1, 1, 1, 1}, state.get("weight").toFloatArray());
        assertArrayEquals(new float[6], state.get("bias").toFloatArray());
    }

    @Test
    void normOfAnotherWidthIsRefused() {
        for (int[] sizes : new int[][] {{3, 5}, {4}}) {
            CapstanException e =
                    assertThrows(CapstanException.class, () -> new LayerNorm(3, 4).apply(Tensor.zeros(sizes)));
            assertEquals("the input does not end with the normalized shape", e.rule());
        }
        assertThrows(CapstanException.class, LayerNorm::new);
    }

    enum Criterion {
        CROSS_ENTROPY(CrossEntropyLoss::new),
        CROSS_ENTROPY_WITH_OPTIONS(() -> new CrossEntropyLoss(LossOptions.standard()
                .withWeight(Tensor.of(new double[] {1, 2, 0.5}))
                .withReduction(F.Reduction.SUM)
                .withIgnoreIndex(1)
                .withLabelSmoothing(0.2))),
        NEGATIVE_LOG_LIKELIHOOD(NLLLoss::new),
        SQUARED_ERROR(() -> new MSELoss(F.Reduction.SUM));

        private final Supplier<Loss> make;

        Criterion(Supplier<Loss> make) {
            this.make = make;
        }
    }

    @ParameterizedTest
    @EnumSource(Criterion.class)
    void lossesAndTheirGradientsArePyTorchs(Criterion criterion) {
        Fixture fixture = Fixture.of(REFERENCE, criterion);
        Tensor target = fixture.one("target");
        boolean classes = criterion != Criterion.SQUARED_ERROR;
        Tensor input = fixture.one("input").copy().requiresGrad(true);
        Tensor loss = criterion.make.get().apply(input, classes ? target.to(DType.INT64) : target);
        Fixture.assertClose(fixture.one("output"), loss, "loss");
        loss.backward();
        Fixture.assertClose(fixture.one("grad/input"), input.grad(), "gradient");
    }

    @Test
    void meansAreTheStandardOfLosses() {
        Tensor input = Tensor.of(new float[] {1, 2, 4});
        assertEquals(
                10 / 3f,
                new MSELoss().apply(input, Tensor.of(new float[] {1, 1, 1})).item());
    }

    @Test
    void embeddingsStartAsNormalNumbersAndPaddingAsZeros() {
        Generator.manualSeed(2);
        Embedding embedding = new Embedding(100, 50, 3);
        double[] squares = embedding.weight().detach().square().mean(1).toDoubleArray();
        assertEquals(0, squares[3]);
        assertEquals(0.99, Arrays.stream(squares).average().orElseThrow(), 0.06);
        assertThrows(CapstanException.class, () -> new Embedding(3, 2, 3));
        CapstanException e = assertThrows(CapstanException.class, () -> embedding.apply(Tensor.of(new long[] {100})));
        assertEquals("embedding", e.operator());
    }
}

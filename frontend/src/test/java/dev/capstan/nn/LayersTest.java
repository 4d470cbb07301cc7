// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.capstan.F;
import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
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
        SIGMOID(Sigmoid::new);

        private final Supplier<Module<Tensor, Tensor>> make;

        Layer(Supplier<Module<Tensor, Tensor>> make) {
            this.make = make;
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
        Tensor input = fixture.one("input").copy().requiresGrad(true);
        Tensor output = module.apply(input);
        Fixture.assertClose(fixture.one("output"), output, "output");
        output.backward(fixture.one("upstream"));
        Map<String, Tensor> gradients = new LinkedHashMap<>();
        gradients.put("input", input.grad());
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
            assertEquals("the last sizes are not [3,4]", e.rule());
        }
        assertThrows(CapstanException.class, LayerNorm::new);
    }

    @Test
    void meanSquaredErrorIsTheFunction() {
        Tensor input = Tensor.of(new float[] {1, 2, 4});
        Tensor target = Tensor.of(new float[] {1, 0, 1});
        assertEquals(
                F.mseLoss(input, target).item(),
                new MSELoss().apply(input, target).item());
        assertEquals(13, new MSELoss(F.Reduction.SUM).apply(input, target).item());
    }
}

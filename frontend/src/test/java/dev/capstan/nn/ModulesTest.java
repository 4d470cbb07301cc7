// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Compile;
import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.runtime.spi.Compilers;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ModulesTest {
    private static List<String> keys(Module<?, ?> module) {
        return List.copyOf(module.stateDict().keySet());
    }

    // ---- names

    @Test
    void keysAreThoseOfPyTorchsModules() {
        assertEquals(List.of("weight", "bias"), keys(new Linear(2, 3)));
        assertEquals(List.of("weight"), keys(new Linear(2, 3, false)));
        assertEquals(List.of("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"), keys(new Rnn(2, 3)));
        assertEquals(
                List.of("0.weight", "0.bias", "2.weight", "2.bias"),
                keys(new Sequential(new Linear(2, 3), new ReLU(), new Linear(3, 1))));
        assertEquals(List.of(), keys(new Sequential(new Tanh())));
    }

    private static class Base extends Module<Tensor, Tensor> {
        final Linear first = new Linear(2, 2);

        @Override
        protected Tensor forward(Tensor input) {
            return first.apply(input);
        }
    }

    private static final class Derived extends Base {
        final Parameter scale = new Parameter(Tensor.ones(2));

        @Key("in_proj")
        final Linear projection = new Linear(2, 2, false);

        final List<Module<Tensor, Tensor>> layers = List.of(new Tanh(), new Linear(2, 2, false));
        final Linear alias = first;
        final Tensor constant = Tensor.ones(1);
        final int width = 2;
    }

    @Test
    void fieldsAreNamedInDeclarationOrderThoseOfTheSuperclassFirst() {
        Derived module = new Derived();
        assertEquals(List.of("scale", "first.weight", "first.bias", "in_proj.weight", "layers.1.weight"), keys(module));
        assertEquals(
                List.of("first", "in_proj", "layers.0", "layers.1", "alias"),
                List.copyOf(module.namedChildren().keySet()));
    }

    @Test
    void sharedParametersAppearOnce() {
        Linear shared = new Linear(2, 2);
        Sequential module = new Sequential(shared, new ReLU(), shared);
        assertEquals(List.of("0.weight", "0.bias"), keys(module));
        assertEquals(2, module.parameters().size());
    }

    @Test
    void parametersAreLeavesThatRequireGradients() {
        for (Parameter parameter : new Rnn(2, 3).parameters()) {
            assertTrue(parameter.isLeaf());
            assertTrue(parameter.requiresGrad());
            assertNull(parameter.grad());
        }
    }

    // ---- state

    @Test
    void stateSharesStorageOffTheTape() {
        Linear module = new Linear(2, 3);
        Tensor state = module.stateDict().get("weight");
        assertFalse(state.requiresGrad());
        assertSame(module.weight().values().storage(), state.values().storage());
    }

    @Test
    void loadedStateIsTheSavedOne() {
        Rnn saved = new Rnn(2, 3);
        Rnn loaded = new Rnn(2, 3);
        List<Parameter> before = loaded.parameters();
        loaded.loadStateDict(saved.stateDict());
        saved.namedParameters()
                .forEach((name, parameter) -> assertArrayEquals(
                        parameter.toFloatArray(),
                        loaded.namedParameters().get(name).toFloatArray(),
                        name));
        for (int i = 0; i < before.size(); i++) {
            assertSame(before.get(i), loaded.parameters().get(i));
        }
    }

    @Test
    void loadedStateIsConvertedToTheParametersType() {
        Linear module = new Linear(1, 1, false);
        module.loadStateDict(Map.of("weight", Tensor.of(new double[] {0.5}, 1, 1)));
        assertEquals(DType.FLOAT32, module.weight().dtype());
        assertEquals(0.5, module.weight().item());
    }

    @Test
    void wrongStateIsRefusedAndChangesNothing() {
        Linear module = new Linear(2, 1);
        float[] weight = module.weight().toFloatArray();
        Tensor good = Tensor.zeros(1, 2);
        assertRefused("names differ", "missing [bias], unexpected []", module, Map.of("weight", good));
        assertRefused(
                "names differ",
                "missing [], unexpected [extra, more]",
                module,
                Map.of("weight", good, "bias", Tensor.zeros(1), "more", good, "extra", good));
        Map<String, Tensor> state = new LinkedHashMap<>();
        state.put("weight", good);
        state.put("bias", Tensor.zeros(2));
        assertRefused("shapes differ", "bias is [1], given [2]", module, state);
        assertArrayEquals(weight, module.weight().toFloatArray());
    }

    private static void assertRefused(String rule, String operands, Module<?, ?> module, Map<String, Tensor> state) {
        CapstanException e = assertThrows(CapstanException.class, () -> module.loadStateDict(state));
        assertEquals(rule, e.rule());
        assertEquals(operands, e.operands());
    }

    // ---- initial parameters

    /** PyTorch draws from a uniform distribution between plus and minus 1 / sqrt(fan). */
    private static void assertUniform(double bound, Tensor parameter) {
        double largest = 0;
        double sum = 0;
        double squares = 0;
        for (double element : parameter.toDoubleArray()) {
            largest = Math.max(largest, Math.abs(element));
            sum += element;
            squares += element * element;
        }
        int n = parameter.numel();
        assertTrue(largest <= (float) bound, largest + " exceeds " + bound);
        assertTrue(largest > 0.99 * bound, largest + " of " + bound);
        // three standard deviations of the mean, and of the variance b^2 / 3
        assertEquals(0, sum / n, 3 * bound / Math.sqrt(3.0 * n));
        assertEquals(bound * bound / 3, squares / n, 3 * bound * bound * Math.sqrt(4.0 / 45 / n));
    }

    @Test
    void initialParametersHavePyTorchsDistribution() {
        Generator.manualSeed(7);
        Linear linear = new Linear(64, 500);
        assertUniform(1.0 / 8, linear.weight());
        assertUniform(1.0 / 8, linear.bias());
        Rnn rnn = new Rnn(50, 400);
        rnn.namedParameters().values().forEach(parameter -> assertUniform(1.0 / 20, parameter));
    }

    @Test
    void initialParametersFollowTheSeed() {
        Generator.manualSeed(3);
        float[] first = new Linear(3, 2).weight().toFloatArray();
        float[] second = new Linear(3, 2).weight().toFloatArray();
        Generator.manualSeed(3);
        assertArrayEquals(first, new Linear(3, 2).weight().toFloatArray());
        assertFalse(java.util.Arrays.equals(first, second));
    }

    // ---- types and gradients

    @Test
    void convertedModulesKeepTheirParameters() {
        Sequential module = new Sequential(new Linear(2, 3), new Tanh());
        List<Parameter> before = module.parameters();
        float[] weight = before.get(0).toFloatArray();
        module.apply(Tensor.ones(1, 2)).sum().backward();
        module.to(DType.FLOAT64);
        assertEquals(before, module.parameters());
        for (Parameter parameter : before) {
            assertEquals(DType.FLOAT64, parameter.dtype());
            assertNull(parameter.grad());
            assertTrue(parameter.requiresGrad());
        }
        assertArrayEquals(weight, before.get(0).toFloatArray());
        Tensor result = module.apply(Tensor.zeros(DType.FLOAT64, 1, 2));
        result.sum().backward();
        assertEquals(DType.FLOAT64, before.get(0).grad().dtype());
    }

    @Test
    void zeroGradForgetsOrClears() {
        Linear module = new Linear(2, 1);
        module.apply(Tensor.ones(1, 2)).sum().backward();
        Tensor gradient = module.weight().grad();
        module.zeroGrad(false);
        assertArrayEquals(new float[] {0, 0}, module.weight().grad().toFloatArray());
        assertSame(gradient.values().storage(), module.weight().grad().values().storage());
        module.zeroGrad();
        assertNull(module.weight().grad());
        module.zeroGrad(false);
        assertNull(module.weight().grad());
    }

    // ---- what they compute

    @Test
    void linearIsXTimesTransposedWeightPlusBias() {
        Linear module = new Linear(2, 3);
        module.loadStateDict(Map.of(
                "weight", Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 3, 2),
                "bias", Tensor.of(new float[] {10, 20, 30})));
        Tensor input = Tensor.of(new float[] {1, -1, 2, 0}, 2, 2);
        float[] expected = {9, 19, 29, 12, 26, 40};
        Tensor result = module.apply(input);
        assertArrayEquals(expected, result.toFloatArray());
        assertEquals("AddmmBackward", result.gradFn().name());
        assertArrayEquals(expected, module.apply(input.reshape(2, 1, 2)).toFloatArray());
        assertEquals(Shape.of(3), module.apply(input.select(0, 0)).shape());
    }

    @Test
    void rnnIsItsFormula() {
        Rnn module = new Rnn(2, 3);
        Tensor input = new Generator(1).normal(4, 5, 2);
        Tensor state = new Generator(2).normal(1, 5, 3);
        Map<String, Tensor> p = module.stateDict();
        List<Tensor> expected = new ArrayList<>();
        Tensor h = state.select(0, 0);
        for (int t = 0; t < 4; t++) {
            Tensor fromInput = F.linear(input.select(0, t), p.get("weight_ih_l0"), p.get("bias_ih_l0"));
            h = fromInput
                    .add(F.linear(h, p.get("weight_hh_l0"), p.get("bias_hh_l0")))
                    .tanh();
            expected.add(h);
        }
        Rnn.Output output = module.apply(new Rnn.Input(input, state));
        assertArrayEquals(
                Tensor.stack(expected, 0).toFloatArray(), output.output().toFloatArray());
        assertEquals(Shape.of(1, 5, 3), output.state().shape());
        assertArrayEquals(h.toFloatArray(), output.state().toFloatArray());
    }

    @Test
    void batchFirstExchangesTheFirstTwoDimensions() {
        Rnn timeFirst = new Rnn(2, 3);
        Rnn batchFirst = new Rnn(2, 3).batchFirst();
        batchFirst.loadStateDict(timeFirst.stateDict());
        Tensor input = new Generator(1).normal(4, 5, 2);
        Rnn.Output a = timeFirst.apply(new Rnn.Input(input, null));
        Rnn.Output b = batchFirst.apply(new Rnn.Input(input.transpose(0, 1), null));
        assertArrayEquals(a.output().transpose(0, 1).toFloatArray(), b.output().toFloatArray());
        assertArrayEquals(a.state().toFloatArray(), b.state().toFloatArray());
    }

    @Test
    void missingStateIsZeros() {
        Rnn module = new Rnn(2, 3);
        Tensor input = new Generator(1).normal(4, 5, 2);
        assertArrayEquals(
                module.apply(new Rnn.Input(input, Tensor.zeros(1, 5, 3)))
                        .output()
                        .toFloatArray(),
                module.apply(new Rnn.Input(input, null)).output().toFloatArray());
    }

    @Test
    void gradientsReachEveryParameter() {
        Rnn module = new Rnn(2, 3);
        module.apply(new Rnn.Input(new Generator(1).normal(4, 5, 2), null))
                .output()
                .sum()
                .backward();
        module.namedParameters().forEach((name, parameter) -> {
            assertNotNull(parameter.grad(), name);
            assertTrue(parameter.grad().abs().sum().item() > 0, name);
        });
    }

    @Test
    void activationsAreTheirFunctions() {
        Tensor x = Tensor.of(new double[] {-3, -0.5, 0, 0.5, 4});
        // PyTorch 1.13
        double[] gelu = {-0.00404969409489031, -0.15426876936299344, 0, 0.34573123063700656, 3.9998733150326675};
        double[] silu = {-0.14227761953270035, -0.1887703343990727, 0, 0.3112296656009273, 3.928055160151634};
        assertArrayEquals(gelu, new GELU().apply(x).toDoubleArray(), 1e-14);
        assertArrayEquals(silu, new SiLU().apply(x).toDoubleArray(), 1e-14);
    }

    @Test
    void sequentialAppliesInOrder() {
        Linear first = new Linear(2, 3);
        Linear last = new Linear(3, 1);
        Tensor input = new Generator(1).normal(4, 2);
        assertArrayEquals(
                last.apply(first.apply(input).relu()).toFloatArray(),
                new Sequential(first, new ReLU(), last).apply(input).toFloatArray());
    }

    // ---- without a compiler

    @Compile(threshold = 1)
    private static final class Doubling extends Module<Tensor, Tensor> {
        @Override
        protected Tensor forward(Tensor input) {
            return input.mul(2);
        }
    }

    @Test
    void thereIsNoCompilerInTheseTests() {
        assertTrue(Compilers.regions().isEmpty());
    }

    @ParameterizedTest
    @EnumSource(Stance.class)
    void compiledModulesRunEagerlyWithoutACompiler(Stance stance) {
        Doubling module = new Doubling();
        Tensor leaf = Tensor.ones(2).requiresGrad(true);
        for (int i = 0; i < 3; i++) {
            try (Stance.Scope scope = stance.enter()) {
                Tensor result = module.apply(leaf);
                assertEquals("MulBackward", result.gradFn().name());
                assertArrayEquals(new float[] {2, 2}, result.toFloatArray());
            }
        }
        assertEquals("Doubling", module.compiled().name());
        assertEquals(List.of(), module.compiled().report());
        assertNull(new ReLU().compiled());
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.autograd;

import static dev.capstan.TapeAssertions.assertRule;
import static dev.capstan.TapeAssertions.doubleLeaf;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Autograd;
import dev.capstan.GradMode;
import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

/** Functions with gradient rules of their own. */
class FunctionTest {
    private static void assertElements(Tensor tensor, double... expected) {
        assertArrayEquals(expected, tensor.toDoubleArray(), 1e-12);
    }

    /** {@code x^3}, with a gradient in tensor operators. */
    private static final class Cube extends Function {
        @Override
        protected List<Tensor> forward(Context context, Tensor... inputs) {
            assertFalse(GradMode.isEnabled());
            context.saveForBackward(inputs);
            return List.of(inputs[0].mul(inputs[0]).mul(inputs[0]));
        }

        @Override
        protected List<Tensor> backward(Context context, Tensor... gradients) {
            Tensor x = context.savedTensors().get(0);
            return List.of(x.mul(x).mul(3).mul(gradients[0]));
        }
    }

    /** {@code e^x} from its saved output. */
    private static final class Exponential extends Function {
        @Override
        protected List<Tensor> forward(Context context, Tensor... inputs) {
            Tensor result = inputs[0].exp();
            context.saveForBackward(result);
            return List.of(result);
        }

        @Override
        protected List<Tensor> backward(Context context, Tensor... gradients) {
            return List.of(context.savedTensors().get(0).mul(gradients[0]));
        }
    }

    /** Two inputs, two outputs: {@code (a b, a - b)}. */
    private static class ProductAndDifference extends Function {
        final List<String> calls = new ArrayList<>();

        @Override
        protected List<Tensor> forward(Context context, Tensor... inputs) {
            context.saveForBackward(inputs);
            return List.of(inputs[0].mul(inputs[1]), inputs[0].sub(inputs[1]));
        }

        @Override
        protected List<Tensor> backward(Context context, Tensor... gradients) {
            calls.add(context.needsInputGrad(0) + " " + context.needsInputGrad(1) + " " + gradients[0] + " "
                    + gradients[1]);
            Tensor a = context.savedTensors().get(0);
            Tensor b = context.savedTensors().get(1);
            return Arrays.asList(
                    gradients[0].mul(b).add(gradients[1]),
                    context.needsInputGrad(1) ? gradients[0].mul(a).sub(gradients[1]) : null);
        }
    }

    /** A function of lambdas. */
    private static Function function(
            BiFunction<Context, Tensor[], List<Tensor>> forward, BiFunction<Context, Tensor[], List<Tensor>> backward) {
        return new Function() {
            @Override
            protected List<Tensor> forward(Context context, Tensor... inputs) {
                return forward.apply(context, inputs);
            }

            @Override
            protected List<Tensor> backward(Context context, Tensor... gradients) {
                return backward.apply(context, gradients);
            }
        };
    }

    @Test
    void theGradientIsTheFunctionsOwn() {
        Tensor x = doubleLeaf(2, -1);
        Tensor y = new Cube().apply(x);
        assertElements(y, 8, -1);
        assertEquals("CubeBackward", y.gradFn().name());
        y.mul(2).sum().backward();
        assertElements(x.grad(), 24, 6);
    }

    @Test
    void aFunctionsNodeStandsBetweenOthers() {
        Tensor x = doubleLeaf(3);
        new Cube().apply(new Cube().apply(x.mul(2)).mul(1)).sum().backward();
        assertElements(x.grad(), 9 * Math.pow(2, 9) * Math.pow(3, 8));
    }

    @Test
    void backwardInOperatorsIsDifferentiatedAgain() {
        Tensor x = Tensor.scalar(2.0).requiresGrad(true);
        Tensor y = new Cube().apply(x);
        for (double expected : new double[] {12, 12, 6}) {
            y = Autograd.grad(y, List.of(x), null, true, true).get(0);
            assertEquals(expected, y.item());
        }
    }

    @Test
    void aSavedOutputIsOnTheTape() {
        Tensor x = Tensor.scalar(0.5).requiresGrad(true);
        Tensor y = new Exponential().apply(x);
        for (int i = 0; i < 3; i++) {
            y = Autograd.grad(y, List.of(x), null, true, true).get(0);
            assertEquals(Math.exp(0.5), y.item(), 1e-15);
        }
    }

    @Test
    void severalInputsAndOutputs() {
        Tensor a = doubleLeaf(3);
        Tensor b = doubleLeaf(5);
        List<Tensor> outputs = new ProductAndDifference().applyAll(a, b);
        outputs.get(0).mul(10).add(outputs.get(1)).sum().backward();
        assertElements(a.grad(), 51);
        assertElements(b.grad(), 29);
        assertRule(
                "the function does not have one output; call applyAll", () -> new ProductAndDifference().apply(a, b));
    }

    @Test
    void unusedOutputsHaveZeroGradientsAndUnneededInputsNone() {
        Tensor a = doubleLeaf(3);
        ProductAndDifference function = new ProductAndDifference();
        function.applyAll(a, Tensor.of(new double[] {5})).get(1).backward();
        assertElements(a.grad(), 1);
        assertEquals(List.of("true false tensor([0.], dtype=float64) tensor([1.], dtype=float64)"), function.calls);
    }

    @Test
    void unusedOutputsHaveNoGradientsIfZerosAreNotWanted() {
        List<Tensor> seen = new ArrayList<>();
        Function halves = function(
                (context, inputs) -> {
                    context.setMaterializeGrads(false);
                    return List.of(inputs[0].mul(0.5), inputs[0].mul(0.5));
                },
                (context, gradients) -> {
                    seen.addAll(Arrays.asList(gradients));
                    return Arrays.asList(gradients[1]);
                });
        Tensor x = doubleLeaf(1);
        halves.applyAll(x).get(1).backward();
        assertNull(seen.get(0));
        assertElements(x.grad(), 1);
    }

    @Test
    void whatIsNoTensorIsKeptByTheCall() {
        Function scale = function(
                (context, inputs) -> {
                    context.put("factor", inputs[0].item());
                    return List.of(inputs[0].mul(inputs[0].item()));
                },
                (context, gradients) -> List.of(gradients[0].mul(context.get("factor", Double.class))));
        Tensor x = doubleLeaf(3);
        Tensor y = doubleLeaf(5);
        scale.apply(x).add(scale.apply(y)).backward();
        assertElements(x.grad(), 3);
        assertElements(y.grad(), 5);
        Function wrong = function(
                (context, inputs) -> List.of(inputs[0].neg()),
                (context, gradients) -> List.of(gradients[0].mul(context.get("factor", Double.class))));
        assertRule("nothing of this name and type is kept", () -> wrong.apply(x).backward());
    }

    @Test
    void someOutputsHaveNoGradient() {
        Function sorted = function(
                (context, inputs) -> {
                    Tensor sign = inputs[0].sign();
                    Tensor positive = inputs[0].gt(0);
                    context.markNonDifferentiable(sign);
                    return List.of(inputs[0].abs(), sign, positive);
                },
                (context, gradients) -> {
                    assertElements(gradients[1], 0);
                    return List.of(gradients[0].neg());
                });
        Tensor x = doubleLeaf(-2);
        List<Tensor> outputs = sorted.applyAll(x);
        assertTrue(outputs.get(0).requiresGrad());
        assertFalse(outputs.get(1).requiresGrad());
        assertFalse(outputs.get(2).requiresGrad());
        outputs.get(0).backward();
        assertElements(x.grad(), -1);
    }

    @Test
    void anInputMayBeWrittenTo() {
        Function twice = function(
                (context, inputs) -> {
                    context.markDirty(inputs[0]);
                    return List.of(inputs[0].mul_(2));
                },
                (context, gradients) -> List.of(gradients[0].mul(2)));
        Tensor x = doubleLeaf(3);
        Tensor y = x.mul(1);
        assertSame(y, twice.apply(y));
        assertElements(y, 6);
        assertEquals("FunctionBackward", y.gradFn().name());
        y.mul(y).backward();
        assertElements(x.grad(), 24);
        assertRule("a leaf that requires a gradient is changed in place", () -> twice.apply(x));
        Tensor base = x.mul(1);
        assertRule("a view is changed in place", () -> twice.apply(base.narrow(0, 0, 1)));
        Function lost = function(
                (context, inputs) -> {
                    context.markDirty(inputs[0]);
                    return List.of(inputs[0].neg());
                },
                (context, gradients) -> List.of(gradients[0]));
        assertRule("an input that is marked dirty is not among the outputs", () -> lost.apply(x.mul(1)));
    }

    @Test
    void anInputReturnedAsItIsBecomesAnotherTensorOfTheSameElements() {
        Function identity = function(
                (context, inputs) -> List.of(inputs[0]), (context, gradients) -> List.of(gradients[0].mul(10)));
        Tensor x = doubleLeaf(3);
        Tensor y = identity.apply(x);
        assertTrue(x.isLeaf());
        assertEquals("FunctionBackward", y.gradFn().name());
        assertSame(x.values().storage(), y.values().storage());
        y.backward();
        assertElements(x.grad(), 10);
    }

    @Test
    void savedTensorsMustNotChange() {
        Tensor x = doubleLeaf(3);
        Tensor h = x.mul(1);
        Tensor y = new Cube().apply(h);
        h.add_(1);
        assertRule("a tensor needed for the gradient was modified in place", y::backward);
    }

    @Test
    void savedTensorsAreGoneAfterThePass() {
        Tensor x = doubleLeaf(3);
        Tensor y = new Cube().apply(x);
        y.backward(null, true);
        y.backward();
        assertElements(x.grad(), 54);
        assertRule(
                "the graph is walked a second time and its saved tensors are gone; call backward with retainGraph",
                y::backward);
    }

    @Test
    void nothingIsRecordedWithoutNeed() {
        assertFalse(new Cube().apply(Tensor.of(new double[] {2})).requiresGrad());
        try (GradMode.Scope off = GradMode.noGrad()) {
            assertFalse(new Cube().apply(doubleLeaf(2)).requiresGrad());
        }
    }

    @Test
    void whatWasBroadcastIsSummed() {
        Function spread = function(
                (context, inputs) -> List.of(inputs[0].expand(2, 3).copy()),
                (context, gradients) -> List.of(gradients[0]));
        Tensor x = doubleLeaf(1, 2, 3);
        spread.apply(x).sum().backward();
        assertElements(x.grad(), 2, 2, 2);
    }

    @Test
    void gradientsHaveTheirInputsTypes() {
        Function narrow = function(
                (context, inputs) -> List.of(inputs[0].neg()),
                (context, gradients) -> List.of(gradients[0].to(DType.FLOAT32)));
        Tensor x = doubleLeaf(1);
        narrow.apply(x).backward();
        assertEquals(DType.FLOAT64, x.grad().dtype());
        Function turned = function(
                (context, inputs) -> List.of(inputs[0].t().copy()), (context, gradients) -> List.of(gradients[0]));
        Tensor matrix = Tensor.zeros(DType.FLOAT64, 2, 3).requiresGrad(true);
        CapstanException refused = assertRule(
                "a gradient does not fit its input",
                () -> turned.apply(matrix).sum().backward());
        assertEquals("float64[3,2] for input 0 of float64[2,3]", refused.operands());
        Function none = function((context, inputs) -> List.of(inputs[0].neg()), (context, gradients) -> List.of());
        assertRule(
                "the number of gradients is not the number of inputs",
                () -> none.apply(x).backward());
    }

    /** The sum over an array, without operators. */
    @OnceDifferentiable
    private static final class ArraySum extends Function {
        @Override
        protected List<Tensor> forward(Context context, Tensor... inputs) {
            context.saveForBackward(inputs);
            return List.of(Tensor.scalar(
                    Arrays.stream(inputs[0].toDoubleArray()).map(x -> x * x * x).sum()));
        }

        @Override
        protected List<Tensor> backward(Context context, Tensor... gradients) {
            double upstream = gradients[0].item();
            double[] slopes = Arrays.stream(context.savedTensors().get(0).toDoubleArray())
                    .map(x -> 3 * x * x * upstream)
                    .toArray();
            return List.of(Tensor.of(slopes));
        }
    }

    @Test
    void functionsOverArraysAreDifferentiatedOnce() {
        Tensor x = doubleLeaf(2, 3);
        new ArraySum().apply(x.mul(2)).mul(0.5).backward();
        assertElements(x.grad(), 48, 108);
        Tensor first = Autograd.grad(new ArraySum().apply(x.mul(2)), List.of(x), null, false, true)
                .get(0);
        assertElements(first, 96, 216);
        CapstanException refused = assertRule(
                "the function is marked as differentiable once, and is differentiated twice",
                () -> first.sum().backward());
        assertEquals("ArraySumBackward", refused.operator());
    }

    @Test
    void inputsAreCounted() {
        Function wrong = function(
                (context, inputs) -> List.of(inputs[0].neg()),
                (context, gradients) -> List.of(gradients[0].mul(context.needsInputGrad(1) ? 1 : 2)));
        assertRule("there is no such input", () -> wrong.apply(doubleLeaf(1)).backward());
    }
}

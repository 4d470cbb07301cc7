// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static dev.capstan.TapeAssertions.assertRule;
import static dev.capstan.TapeAssertions.doubleLeaf;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Gradients as a function, from several results, and of higher order. */
class AutogradTest {
    private static final GradOptions STANDARD = GradOptions.standard();

    private static void assertElements(Tensor tensor, double... expected) {
        assertArrayEquals(expected, tensor.toDoubleArray(), 1e-12);
    }

    @Test
    void gradientsOfSeveralOutputsAreAdded() {
        Tensor x = doubleLeaf(2);
        Tensor y = doubleLeaf(3);
        List<Tensor> gradients = Autograd.grad(List.of(x.mul(y).sum(), x.mul(x).sum()), List.of(x, y));
        assertElements(gradients.get(0), 3 + 4);
        assertElements(gradients.get(1), 2);
    }

    @Test
    void everyOutputMayHaveAGradientOfItsOwn() {
        Tensor x = doubleLeaf(2, 3);
        Tensor vector = x.mul(x);
        Tensor number = x.sum();
        Tensor upstream = Tensor.of(new double[] {1, 10});
        List<Tensor> gradients =
                Autograd.grad(List.of(vector, number), List.of(x), Arrays.asList(upstream, null), STANDARD);
        assertElements(gradients.get(0), 5, 61);
        assertRule(
                "the numbers of tensors and of gradients differ",
                () -> Autograd.grad(List.of(number, number), List.of(x), List.of(upstream), STANDARD));
    }

    @Test
    void anOutputMayLieOnTheWayOfAnother() {
        Tensor x = doubleLeaf(2);
        Tensor y = x.mul(3);
        List<Tensor> gradients = Autograd.grad(List.of(y.mul(y).sum(), y.sum()), List.of(y, x));
        assertElements(gradients.get(0), 13);
        assertElements(gradients.get(1), 39);
    }

    @Test
    void unusedInputsAreAnErrorOrNull() {
        Tensor x = doubleLeaf(2);
        Tensor unused = doubleLeaf(2);
        Tensor result = doubleLeaf(5).exp();
        assertRule("the output does not depend on an input", () -> Autograd.grad(x.mul(1), List.of(x, unused)));
        List<Tensor> gradients =
                Autograd.grad(List.of(x.mul(4)), List.of(unused, x, result), null, STANDARD.withAllowUnused(true));
        assertNull(gradients.get(0));
        assertElements(gradients.get(1), 4);
        assertNull(gradients.get(2));
        assertRule(
                "an input does not require a gradient",
                () -> Autograd.grad(List.of(x.mul(4)), List.of(Tensor.ones(1)), null, STANDARD.withAllowUnused(true)));
    }

    @Test
    void gradNeitherRunsNorReleasesTheNodeOfItsInput() {
        Tensor x = doubleLeaf(1);
        Tensor y = x.exp();
        Tensor loss = y.mul(2).sum();
        Autograd.grad(loss, List.of(y));
        y.backward();
        assertElements(x.grad(), Math.E);
    }

    @Test
    void optionsSayWhatBecomesOfTheGraph() {
        Tensor x = doubleLeaf(3);
        Tensor y = x.mul(x).sum();
        Tensor first = Autograd.grad(List.of(y), List.of(x), null, STANDARD.withRetainGraph(true))
                .get(0);
        assertTrue(first.isLeaf());
        Tensor recorded = Autograd.grad(List.of(y), List.of(x), null, STANDARD.withCreateGraph(true))
                .get(0);
        assertElements(Autograd.grad(recorded.sum(), List.of(x)).get(0), 2);
        Autograd.grad(y, List.of(x));
        assertRule(
                "the graph is walked a second time and its saved tensors are gone; call backward with retainGraph",
                () -> Autograd.grad(y, List.of(x)));
    }

    @Test
    void severalRootsAreOnePass() {
        Tensor x = doubleLeaf(2);
        List<Integer> calls = new ArrayList<>();
        Tensor middle = x.mul(x);
        middle.registerHook(gradient -> {
            calls.add(1);
            return null;
        });
        Autograd.backward(List.of(middle.sum(), middle.mul(3).sum()));
        assertElements(x.grad(), 16);
        assertEquals(1, calls.size());
        Tensor upstream = Tensor.of(new double[] {5});
        Autograd.backward(List.of(x.mul(1), x.mul(2)), Arrays.asList(upstream, null), STANDARD);
        assertElements(x.grad(), 16 + 5 + 2);
        assertRule(
                "the tensor does not require a gradient and has no gradFn",
                () -> Autograd.backward(List.of(x.mul(1), Tensor.ones(1))));
    }

    @Test
    void backwardCanBeRecorded() {
        Tensor x = doubleLeaf(3);
        x.pow(3).sum().backward(null, false, true);
        Tensor gradient = x.grad();
        x.setGrad(null);
        gradient.sum().backward();
        assertElements(x.grad(), 18);
    }

    @Test
    void recordedGradientsOfTwoLeavesAreTwoTensors() {
        Tensor x = doubleLeaf(3);
        Tensor y = doubleLeaf(3);
        Tensor upstream = doubleLeaf(1);
        x.add(y).backward(upstream, false, true);
        assertNotSame(x.grad(), y.grad());
        assertNotSame(x.grad(), upstream);
        assertElements(Autograd.grad(x.grad().mul(7), List.of(upstream)).get(0), 7);
    }

    private static double[] derivatives(UnaryOperator<Tensor> function, double at) {
        Tensor x = Tensor.scalar(at).requiresGrad(true);
        Tensor y = function.apply(x);
        double[] derivatives = new double[3];
        for (int i = 0; i < 3; i++) {
            y = Autograd.grad(List.of(y), List.of(x), null, STANDARD.withCreateGraph(true))
                    .get(0);
            derivatives[i] = y.item();
        }
        return derivatives;
    }

    @Test
    void thirdDerivatives() {
        double x = 0.7;
        assertArrayEquals(new double[] {Math.cos(x), -Math.sin(x), -Math.cos(x)}, derivatives(Tensor::sin, x), 1e-12);
        double t = Math.tanh(x);
        double slope = 1 - t * t;
        assertArrayEquals(
                new double[] {slope, -2 * t * slope, slope * (6 * t * t - 2)}, derivatives(Tensor::tanh, x), 1e-12);
    }

    /** {@code f(A) = sum((A A) * A)}; along {@code A = a I} of order 2 it is {@code 2 a^3}. */
    @Test
    void thirdDerivativesOfProductsOfMatrices() {
        assertArrayEquals(
                new double[] {6 * 0.7 * 0.7, 12 * 0.7, 12},
                derivatives(
                        a -> {
                            Tensor unit = Tensor.of(new double[] {1, 0, 0, 1}, 2, 2);
                            Tensor matrix = unit.mul(a);
                            return matrix.mm(matrix).mul(matrix).sum();
                        },
                        0.7),
                1e-12);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static dev.capstan.TapeAssertions.assertGrad;
import static dev.capstan.TapeAssertions.assertRule;
import static dev.capstan.TapeAssertions.leaf;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.type.DType;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TapeTest {
    // ---- what is recorded

    @Test
    void nothingIsRecordedOfTensorsWithoutGradients() {
        Tensor result = Tensor.ones(2).add(Tensor.ones(2));
        assertFalse(result.requiresGrad());
        assertNull(result.gradFn());
        assertTrue(result.isLeaf());
    }

    @Test
    void operandsWithoutGradientsHaveNoEdge() {
        Tensor result = leaf(1).mul(Tensor.ones(1));
        assertEquals(2, result.gradFn().nextFunctions().size());
        assertEquals(
                "AccumulateGrad",
                result.gradFn().nextFunctions().get(0).function().name());
        assertNull(result.gradFn().nextFunctions().get(1));
    }

    @Test
    void edgesCannotBeChanged() {
        List<Edge> edges = leaf(1).exp().gradFn().nextFunctions();
        assertThrows(UnsupportedOperationException.class, () -> edges.set(0, null));
    }

    @Test
    void nothingIsRecordedUnderNoGrad() {
        Tensor leaf = leaf(1);
        try (GradMode.Scope off = GradMode.noGrad()) {
            assertFalse(GradMode.isEnabled());
            assertFalse(leaf.exp().requiresGrad());
            try (GradMode.Scope on = GradMode.enableGrad()) {
                assertTrue(leaf.exp().requiresGrad());
            }
            assertFalse(leaf.exp().requiresGrad());
        }
        assertTrue(leaf.exp().requiresGrad());
    }

    @Test
    void noGradHoldsForOneThread() throws InterruptedException {
        Tensor leaf = leaf(1);
        boolean[] recorded = new boolean[1];
        try (GradMode.Scope off = GradMode.noGrad()) {
            Thread other = new Thread(() -> recorded[0] = leaf.exp().requiresGrad());
            other.start();
            other.join();
        }
        assertTrue(recorded[0]);
    }

    @Test
    void comparisonsAndCastsToIntegersLeaveTheTape() {
        assertFalse(leaf(1).gt(0).requiresGrad());
        assertFalse(leaf(1).to(DType.INT64).requiresGrad());
        assertTrue(leaf(1).to(DType.FLOAT64).requiresGrad());
    }

    @Test
    void detachedTensorsShareStorageAndEndTheTape() {
        Tensor leaf = leaf(1, 2);
        Tensor cut = leaf.exp().detach();
        assertFalse(cut.requiresGrad());
        Tensor alias = leaf.detach();
        alias.add_(1);
        assertArrayEquals(new float[] {2, 3}, leaf.toFloatArray());
        leaf.mul(cut).sum().backward();
        assertArrayEquals(cut.toFloatArray(), leaf.grad().toFloatArray());
    }

    // ---- backward

    @Test
    void gradientsOfAllPathsAreAdded() {
        Tensor x = leaf(3);
        x.mul(x).add(x).sum().backward();
        assertGrad(x, 7);
    }

    @Test
    void gradientsAccumulateOverPasses() {
        Tensor x = leaf(1, 2);
        x.mul(2).sum().backward();
        x.mul(3).sum().backward();
        assertGrad(x, 5, 5);
    }

    @Test
    void accumulationKeepsTheGradientTensor() {
        Tensor x = leaf(1);
        x.mul(2).sum().backward();
        Tensor first = x.grad();
        x.mul(3).sum().backward();
        assertSame(first, x.grad());
        assertGrad(x, 5);
    }

    @Test
    void leafOwnsItsGradient() {
        Tensor x = leaf(1);
        Tensor y = leaf(1);
        Tensor upstream = Tensor.ones(1);
        x.add(y).backward(upstream);
        x.grad().add_(1);
        assertGrad(y, 1);
        assertArrayEquals(new float[] {1}, upstream.toFloatArray());
    }

    @Test
    void leafItselfCanBeTheRoot() {
        Tensor x = Tensor.scalar(3f).requiresGrad(true);
        x.backward();
        assertGrad(x, 1);
    }

    @Test
    void singleElementOfAnyRankHasAnImplicitGradient() {
        Tensor x = leaf(3);
        x.reshape(1, 1).mul(2).backward();
        assertGrad(x, 2);
    }

    @Test
    void nonScalarNeedsAGradient() {
        Tensor x = leaf(1, 2);
        assertRule(
                "only a single element has an implicit gradient; give one",
                () -> x.exp().backward());
        x.mul(2).backward(Tensor.of(new float[] {1, 10}));
        assertGrad(x, 2, 20);
    }

    @Test
    void gradientMustHaveTheResultsType() {
        Tensor x = leaf(1, 2);
        assertRule("the gradient has another type", () -> x.exp().backward(Tensor.ones(3)));
        assertRule("the gradient has another type", () -> x.exp().backward(Tensor.zeros(DType.FLOAT64, 2)));
    }

    @Test
    void secondPassNeedsTheGraphRetained() {
        Tensor x = leaf(2);
        Tensor y = x.mul(x).sum();
        y.backward(null, true);
        y.backward();
        assertGrad(x, 8);
        assertRule(
                "the graph is walked a second time and its saved tensors are gone; call backward with retainGraph",
                y::backward);
        assertGrad(x, 8);
    }

    @Test
    void nodesThatSavedNothingCanBeWalkedAgain() {
        Tensor x = leaf(1, 2);
        Tensor y = leaf(3, 4);
        Tensor shared = x.add(y);
        shared.sum().backward();
        shared.sum().backward();
        assertGrad(x, 2, 2);
    }

    @Test
    void partOfAReleasedGraphIsReleased() {
        Tensor x = leaf(1, 2);
        Tensor shared = x.exp();
        shared.sum().backward();
        assertRule(
                "the graph is walked a second time and its saved tensors are gone; call backward with retainGraph",
                () -> shared.mul(2).sum().backward());
    }

    @Test
    void unusedLeavesGetNoGradient() {
        Tensor x = leaf(1);
        Tensor unused = leaf(1);
        x.exp().sum().backward();
        assertNull(unused.grad());
    }

    @Test
    void intermediateResultsGetNoGradient() {
        Tensor x = leaf(1);
        Tensor y = x.exp();
        y.sum().backward();
        assertNull(y.grad());
    }

    @Test
    void longChainsDoNotOverflowTheStack() {
        Tensor x = leaf(1);
        Tensor y = x;
        for (int i = 0; i < 20_000; i++) {
            y = y.add(1);
        }
        y.sum().backward();
        assertGrad(x, 1);
    }

    @Test
    void backwardRunsUnderNoGrad() {
        Tensor x = leaf(2);
        Tensor y = x.mul(x).sum();
        try (GradMode.Scope off = GradMode.noGrad()) {
            y.backward();
            assertFalse(GradMode.isEnabled());
        }
        assertGrad(x, 4);
        assertFalse(x.grad().requiresGrad());
    }

    // ---- order of sums

    /** In float32 {@code (1 + -1e8) + 1e8} is 0, but {@code (1e8 + -1e8) + 1} is 1. */
    @Test
    void contributionsAreAddedInDescendingOrderOfCreation() {
        Tensor x = leaf(1);
        Tensor first = x.mul(1e8);
        Tensor second = x.mul(-1e8);
        Tensor third = x.mul(1);
        first.add(second).add(third).sum().backward();
        assertGrad(x, 0);
    }

    @Test
    void orderOfUseDoesNotMatter() {
        for (int rotation = 0; rotation < 3; rotation++) {
            Tensor x = leaf(1);
            Tensor[] parts = {x.mul(1e8), x.mul(-1e8), x.mul(1)};
            Tensor sum = parts[rotation].add(parts[(rotation + 1) % 3]).add(parts[(rotation + 2) % 3]);
            sum.sum().backward();
            assertGrad(x, 0);
        }
    }

    @Test
    void orderHoldsInsideOfTheGraph() {
        Tensor x = leaf(1);
        Tensor inner = x.mul(1);
        Tensor first = inner.mul(1e8);
        Tensor second = inner.mul(-1e8);
        Tensor third = inner.mul(1);
        third.add(first).add(second).sum().backward();
        assertGrad(x, 0);
    }

    @Test
    void sumOfAPassIsAddedOnce() {
        Tensor x = leaf(1);
        x.setGrad(Tensor.of(new float[] {1e8f}));
        Tensor first = x.mul(1);
        Tensor second = x.mul(-1e8);
        first.add(second).sum().backward();
        // -1e8 + 1 rounds to -1e8; contribution by contribution the result would be 1
        assertGrad(x, 0);
    }

    @Test
    void firstContributionIsTakenAsItIs() {
        Tensor x = leaf(1);
        x.mul(-0.0).sum().backward();
        assertEquals(
                Float.floatToRawIntBits(-0.0f), Float.floatToRawIntBits(x.grad().toFloatArray()[0]));
    }

    // ---- gradients as a function

    @Test
    void gradLeavesTheLeavesAlone() {
        Tensor x = leaf(3);
        Tensor y = leaf(5);
        List<Tensor> gradients = Autograd.grad(x.mul(y).sum(), List.of(y, x));
        assertArrayEquals(new float[] {3}, gradients.get(0).toFloatArray());
        assertArrayEquals(new float[] {5}, gradients.get(1).toFloatArray());
        assertNull(x.grad());
        assertNull(y.grad());
    }

    @Test
    void gradOfAnIntermediateResultEndsThere() {
        Tensor x = leaf(3);
        Tensor middle = x.mul(2);
        List<Tensor> gradients = Autograd.grad(middle.mul(middle).sum(), List.of(middle, x));
        assertArrayEquals(new float[] {12}, gradients.get(0).toFloatArray());
        assertArrayEquals(new float[] {24}, gradients.get(1).toFloatArray());
    }

    @Test
    void gradOfTheOutputItselfIsItsUpstream() {
        Tensor x = leaf(3);
        Tensor y = x.exp();
        assertArrayEquals(new float[] {1}, Autograd.grad(y, List.of(y)).get(0).toFloatArray());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void gradientsOfGradientsAreThoseOfAPower(int order) {
        Tensor x = Tensor.scalar(2.0).requiresGrad(true);
        Tensor y = x.pow(4);
        double expected = 16;
        for (int i = 0; i < order; i++) {
            y = Autograd.grad(y, List.of(x), null, true, true).get(0);
            expected *= (4 - i) / 2.0;
        }
        assertEquals(expected, y.item());
    }

    @Test
    void gradWithoutCreateGraphIsOffTheTape() {
        Tensor x = leaf(2);
        assertFalse(Autograd.grad(x.mul(x).sum(), List.of(x)).get(0).requiresGrad());
    }

    // ---- views

    @Test
    void gradientsOfViewsLandInTheirPlaces() {
        Tensor x = leaf(1, 2, 3, 4);
        Tensor matrix = x.reshape(2, 2);
        matrix.t().select(0, 1).mul(Tensor.of(new float[] {10, 20})).sum().backward();
        assertGrad(x, 0, 10, 0, 20);
    }

    @Test
    void expandedGradientsAreSummed() {
        Tensor x = leaf(1, 2);
        x.expand(3, 2)
                .mul(Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 3, 2))
                .sum()
                .backward();
        assertGrad(x, 9, 12);
    }

    @Test
    void viewsShareStorageAndCopiesDoNot() {
        Tensor x = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
        assertSame(x.values().storage(), x.t().reshape(2, 2).values().storage());
        assertSame(x.values().storage(), x.reshape(4).values().storage());
        assertNotSame(x.values().storage(), x.t().reshape(4).values().storage());
        assertNotSame(x.values().storage(), x.copy().values().storage());
        assertSame(x, x.contiguous());
        assertNotSame(x, x.t().contiguous());
    }

    // ---- leaves

    @Test
    void onlyFloatingLeavesRequireGradients() {
        assertRule(
                "only floating tensors have gradients",
                () -> Tensor.of(new long[] {1}).requiresGrad(true));
        Tensor x = leaf(1);
        x.requiresGrad(false);
        assertFalse(x.exp().requiresGrad());
    }

    @Test
    void dataOfALeafCanBeReplaced() {
        Tensor x = leaf(1, 2);
        Tensor y = x.mul(x).sum();
        x.mul(2).sum().backward();
        int version = x.version();
        x.setData(Tensor.of(new double[] {3, 4}));
        assertEquals(DType.FLOAT64, x.dtype());
        assertNull(x.grad());
        assertTrue(x.version() > version);
        assertRule("a tensor needed for the gradient was modified in place", y::backward);
        x.mul(x).sum().backward();
        assertArrayEquals(new double[] {6, 8}, x.grad().toDoubleArray());
    }
}

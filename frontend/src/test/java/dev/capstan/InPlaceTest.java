// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static dev.capstan.TapeAssertions.assertGrad;
import static dev.capstan.TapeAssertions.assertRule;
import static dev.capstan.TapeAssertions.leaf;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.autograd.GradientCheck;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Writes in place: what they do to elements, versions and the tape, on whole tensors and on views. */
class InPlaceTest {
    // ---- writes to whole tensors

    @Test
    void leavesThatRequireGradientsAreNotWrittenTo() {
        Tensor x = leaf(1);
        String rule = "a leaf that requires a gradient is changed in place outside of noGrad";
        assertRule(rule, () -> x.add_(1));
        assertRule(rule, () -> x.sub_(Tensor.ones(1)));
        assertRule(rule, () -> x.mul_(2));
        assertRule(rule, x::zero_);
        assertRule(rule, () -> x.copy_(Tensor.ones(1)));
        assertArrayEquals(new float[] {1}, x.toFloatArray());
    }

    @Test
    void leavesAreWrittenToUnderNoGrad() {
        Tensor x = leaf(1);
        int version = x.version();
        try (GradMode.Scope off = GradMode.noGrad()) {
            assertSame(x, x.add_(2).mul_(3).sub_(Tensor.ones(1)));
        }
        assertArrayEquals(new float[] {8}, x.toFloatArray());
        assertEquals(version + 3, x.version());
        assertTrue(x.isLeaf());
        assertTrue(x.requiresGrad());
    }

    @Test
    void recordedWritesAreDifferentiated() {
        Tensor x = leaf(3);
        Tensor y = x.mul(2);
        y.mul_(Tensor.of(new float[] {5})).add_(x);
        assertEquals("AddBackward", y.gradFn().name());
        assertArrayEquals(new float[] {33}, y.toFloatArray());
        y.sum().backward();
        assertGrad(x, 11);
    }

    @Test
    void plainTensorsBecomeRecordedByAWrite() {
        Tensor x = leaf(3);
        Tensor y = Tensor.ones(1);
        y.add_(x);
        assertTrue(y.requiresGrad());
        y.sum().backward();
        assertGrad(x, 1);
    }

    @Test
    void savedOperandsMustNotChange() {
        Tensor x = leaf(3);
        Tensor factor = Tensor.of(new float[] {5});
        Tensor y = x.mul(factor);
        factor.add_(1);
        assertRule(
                "a tensor needed for the gradient was modified in place",
                () -> y.sum().backward());
    }

    @Test
    void savedResultsMustNotChange() {
        Tensor y = leaf(3).exp();
        y.add_(1);
        assertRule(
                "a tensor needed for the gradient was modified in place",
                () -> y.sum().backward());
    }

    @Test
    void writesThroughViewsAreNoticed() {
        Tensor factor = Tensor.of(new float[] {1, 2}, 2, 1);
        Tensor y = Tensor.ones(2, 1).requiresGrad(true).mul(factor);
        factor.select(0, 1).zero_();
        assertArrayEquals(new float[] {1, 0}, factor.toFloatArray());
        assertRule(
                "a tensor needed for the gradient was modified in place",
                () -> y.sum().backward());
    }

    @Test
    void operandsThatAreNotSavedMayChange() {
        Tensor x = leaf(3);
        Tensor summand = Tensor.ones(1);
        Tensor y = x.add(summand);
        summand.add_(1);
        y.sum().backward();
        assertGrad(x, 1);
    }

    @Test
    void overlappingCopiesReadTheOldElements() {
        Tensor base = Tensor.of(new float[] {1, 2, 3, 4});
        base.narrow(0, 1, 3).copy_(base.narrow(0, 0, 3));
        assertArrayEquals(new float[] {1, 1, 2, 3}, base.toFloatArray());
        Tensor matrix = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
        matrix.copy_(matrix.select(1, 0));
        assertArrayEquals(new float[] {1, 3, 1, 3}, matrix.toFloatArray());
        Tensor large = new Generator(1).normal(300, 300);
        float[] transposed = large.t().toFloatArray();
        large.copy_(large.t());
        assertArrayEquals(transposed, large.toFloatArray());
    }

    @Test
    void copiesBroadcastAndConvert() {
        Tensor counts = Tensor.zeros(DType.INT64, 2, 2);
        counts.copy_(Tensor.of(new long[] {3, 4}));
        assertArrayEquals(new long[] {3, 4, 3, 4}, counts.toLongArray());
        Tensor doubles = Tensor.zeros(DType.FLOAT64, 2);
        doubles.copy_(Tensor.of(new float[] {0.5f, 2}));
        assertArrayEquals(new double[] {0.5, 2}, doubles.toDoubleArray());
    }

    // ---- writes to views

    @Test
    void aWriteToAViewChangesItsBase() {
        Tensor x = leaf(1, 2, 3);
        Tensor y = x.mul(2);
        Tensor view = y.narrow(0, 0, 2);
        assertSame(view, view.mul_(Tensor.of(new float[] {5, 7})));
        assertArrayEquals(new float[] {10, 28, 6}, y.toFloatArray());
        assertEquals("CopySlices", y.gradFn().name());
        assertEquals("AsStridedBackward", view.gradFn().name());
        y.sum().backward();
        assertGrad(x, 10, 14, 2);
    }

    @Test
    void aWrittenViewIsDifferentiatedThroughItsBase() {
        Tensor x = leaf(1, 2, 3);
        Tensor y = x.mul(2);
        Tensor view = y.narrow(0, 1, 2);
        view.mul_(3);
        view.mul(Tensor.of(new float[] {1, 10})).sum().backward();
        assertGrad(x, 0, 6, 60);
    }

    @Test
    void otherViewsSeeTheWrite() {
        Tensor x = leaf(1, 2, 3, 4);
        Tensor y = x.mul(1).reshape(2, 2);
        Tensor column = y.select(1, 0);
        Tensor transposed = y.t();
        Tensor row = y.select(0, 1);
        row.mul_(10);
        assertArrayEquals(new float[] {1, 30, 2, 40}, transposed.toFloatArray());
        column.sum().add(transposed.select(0, 1).sum()).backward();
        assertGrad(x, 1, 1, 10, 10);
    }

    @Test
    void aWriteToTheBaseReachesItsViews() {
        Tensor x = leaf(1, 2, 3);
        Tensor y = x.mul(2);
        Tensor view = y.narrow(0, 1, 2);
        Node before = view.gradFn();
        y.mul_(5);
        assertNotSame(before, view.gradFn());
        assertEquals("AsStridedBackward", view.gradFn().name());
        view.sum().backward();
        assertGrad(x, 0, 10, 10);
    }

    @Test
    void viewsOfViewsHaveTheRootAsTheirBase() {
        Tensor x = normal(1, 3, 4);
        assertFunctional(x, leaf -> {
            Tensor y = leaf.mul(1);
            Tensor inner = y.slice(1, 0, 4, 2).t().narrow(1, 1, 2).unsqueeze(0);
            inner.mul_(inner.copy().exp());
            inner.select(1, 1).copy_(leaf.select(0, 0).narrow(0, 0, 2));
            return List.of(y, inner);
        });
    }

    @Test
    void severalWritesFollowOneAnother() {
        Tensor x = leaf(1, 2, 3);
        Tensor y = x.mul(1);
        y.narrow(0, 0, 2).mul_(2);
        y.narrow(0, 1, 2).mul_(3);
        y.mul_(5);
        y.select(0, 1).mul_(7);
        assertArrayEquals(new float[] {10, 420, 45}, y.toFloatArray());
        y.sum().backward();
        assertGrad(x, 10, 210, 15);
    }

    @Test
    void overwrittenElementsGetNoGradient() {
        Tensor x = leaf(1, 2, 3);
        Tensor source = leaf(7);
        Tensor y = x.mul(2);
        y.narrow(0, 0, 1).copy_(source);
        y.select(0, 2).zero_();
        y.mul(Tensor.of(new float[] {3, 4, 5})).sum().backward();
        assertGrad(x, 0, 8, 0);
        assertGrad(source, 3);
    }

    @Test
    void aWholeTensorThatIsOverwrittenKeepsZeroGradients() {
        Tensor x = leaf(1, 2);
        Tensor y = x.mul(2).fill_(3);
        assertTrue(y.requiresGrad());
        y.sum().backward();
        assertGrad(x, 0, 0);
    }

    @Test
    void copiesAreDifferentiatedWithRespectToTheirSource() {
        Tensor row = leaf(1, 2);
        Tensor y = Tensor.zeros(DType.FLOAT64, 3, 2);
        assertSame(y, y.copy_(row));
        assertArrayEquals(new double[] {1, 2, 1, 2, 1, 2}, y.toDoubleArray());
        y.sum().backward();
        assertGrad(row, 3, 3);
    }

    @Test
    void requiringAGradientRisesFromAViewToItsBase() {
        Tensor base = Tensor.ones(2, 2);
        Tensor other = base.select(0, 1);
        Tensor source = leaf(3, 4);
        base.select(1, 0).copy_(source);
        assertTrue(base.requiresGrad());
        assertTrue(other.requiresGrad());
        assertFalse(base.isLeaf());
        other.mul(Tensor.of(new float[] {10, 20})).sum().backward();
        assertGrad(source, 0, 10);
    }

    @Test
    void aWriteInFloat64IsStoredInFloat32() {
        Tensor x = leaf(1, 2);
        Tensor y = x.mul(1);
        y.mul_(Tensor.of(new double[] {3, 4}));
        assertEquals(DType.FLOAT32, y.dtype());
        y.sum().backward();
        assertGrad(x, 3, 4);
    }

    @Test
    void theOldElementsAreKeptForTheGradientOfTheOtherFactor() {
        Tensor x = leaf(2, 3);
        Tensor factor = leaf(5, 7);
        Tensor y = x.mul(1);
        y.mul_(factor).mul_(y.detach().copy());
        y.sum().backward();
        // y = (x f) c with c = x f held constant
        assertGrad(x, 50, 147);
        assertGrad(factor, 20, 63);
    }

    @Test
    void aTensorTimesItself() {
        Tensor x = leaf(2, 3);
        Tensor y = x.mul(1);
        y.mul_(y);
        y.sum().backward();
        assertGrad(x, 4, 6);
    }

    @Test
    void resultsAreKeptForFunctionsThatNeedThem() {
        Tensor x = leaf(0);
        Tensor y = x.mul(2).exp_().mul_(3);
        y.sum().backward();
        assertGrad(x, 6);
    }

    @Test
    void secondDerivativesThroughWrites() {
        Tensor x = leaf(2, 3);
        Tensor y = x.mul(x);
        y.select(0, 1).mul_(x.select(0, 1));
        Tensor first = Autograd.grad(y.sum(), List.of(x), null, false, true).get(0);
        assertArrayEquals(new float[] {4, 27}, first.toFloatArray());
        first.sum().backward();
        assertGrad(x, 2, 18);
    }

    @Test
    void aViewThatWasOverwrittenCanBeTheSourceOfAnotherWrite() {
        Tensor x = leaf(1, 2);
        Tensor y = x.mul(1);
        Tensor view = y.narrow(0, 0, 1);
        Tensor z = leaf(5, 6).mul(2);
        y.mul_(3);
        z.narrow(0, 1, 1).copy_(view);
        assertArrayEquals(
                new float[] {3, 0}, Autograd.grad(z.sum(), List.of(x)).get(0).toFloatArray());
    }

    @Test
    void keptGradientsAreThoseOfTheLastValue() {
        Tensor y = leaf(1, 2).mul(2);
        y.retainGrad();
        Tensor view = y.narrow(0, 0, 1);
        view.retainGrad();
        y.mul_(3);
        y.mul(Tensor.of(new float[] {5, 7})).sum().add(view.sum()).backward();
        assertArrayEquals(new float[] {6, 7}, y.grad().toFloatArray());
        assertArrayEquals(new float[] {1}, view.grad().toFloatArray());
    }

    @Test
    void hooksStayWithTheValueTheyWereRegisteredFor() {
        Tensor y = leaf(1, 2).mul(2);
        float[][] seen = new float[1][];
        y.registerHook(gradient -> {
            seen[0] = gradient.toFloatArray();
            return null;
        });
        y.mul_(3);
        y.sum().backward();
        assertArrayEquals(new float[] {3, 3}, seen[0]);
    }

    @Test
    void expandedViewsOfAWrittenBaseSumTheirGradients() {
        Tensor x = leaf(1, 2);
        Tensor y = x.mul(1).reshape(2, 1);
        Tensor wide = y.expand(2, 3);
        y.mul_(4);
        wide.sum().backward();
        assertGrad(x, 12, 12);
    }

    @Test
    void writesUnderNoGradChangeOnlyElements() {
        Tensor x = leaf(1, 2);
        Tensor y = x.mul(2);
        Tensor view = y.narrow(0, 1, 1);
        int version = y.version();
        try (GradMode.Scope off = GradMode.noGrad()) {
            view.fill_(100);
        }
        assertEquals(version + 1, y.version());
        assertEquals("MulBackward", y.gradFn().name());
        y.mul(Tensor.of(new float[] {3, 5})).sum().backward();
        assertArrayEquals(new float[] {2, 100}, y.toFloatArray());
        assertGrad(x, 6, 10);
    }

    @Test
    void detachedTensorsShareElementsAndVersionsButNotTheTape() {
        Tensor x = leaf(1, 2);
        Tensor y = x.mul(2);
        Tensor cut = y.detach();
        cut.select(0, 0).mul_(leaf(5).select(0, 0));
        assertArrayEquals(new float[] {10, 4}, y.toFloatArray());
        assertEquals(y.version(), cut.version());
        assertTrue(cut.requiresGrad());
        assertEquals("MulBackward", y.gradFn().name());
        y.sum().backward();
        assertGrad(x, 2, 2);
    }

    // ---- refusals

    @Test
    void viewsOfLeavesThatRequireGradientsAreNotWrittenTo() {
        Tensor x = leaf(1, 2);
        String rule = "a view of a leaf that requires a gradient is changed in place outside of noGrad";
        assertRule(rule, () -> x.narrow(0, 0, 1).add_(1));
        assertRule(rule, () -> x.set(0, 1));
        Tensor later = Tensor.ones(2);
        Tensor view = later.select(0, 0);
        later.requiresGrad(true);
        assertRule(rule, () -> view.copy_(x.select(0, 0)));
        assertArrayEquals(new float[] {1, 2}, x.toFloatArray());
        try (GradMode.Scope off = GradMode.noGrad()) {
            x.set(0, 9);
        }
        assertArrayEquals(new float[] {9, 2}, x.toFloatArray());
        assertTrue(x.isLeaf());
    }

    @Test
    void viewsMadeUnderNoGradAreNotMixedWithRecordedWrites() {
        Tensor y = leaf(1, 2).mul(2);
        Tensor view;
        Tensor viewOfView;
        try (GradMode.Scope off = GradMode.noGrad()) {
            view = y.narrow(0, 0, 1);
        }
        viewOfView = view.unsqueeze(0);
        String rule = "a view made in noGrad is changed in place where it is recorded";
        assertRule(rule, () -> view.copy_(leaf(1)));
        assertRule(rule, () -> viewOfView.copy_(leaf(1)));
        y.mul_(2);
        assertRule("a view made in noGrad is used where a write to its base was recorded", () -> view.mul(2));
        try (GradMode.Scope off = GradMode.noGrad()) {
            assertArrayEquals(new float[] {8}, view.mul(2).toFloatArray());
        }
    }

    @Test
    void elementsThatArePlacedTogetherAreNotWrittenTo() {
        Tensor wide = Tensor.ones(2, 1).expand(2, 3);
        String rule = "several elements of the written tensor are one place in memory; copy it first";
        assertRule(rule, () -> wide.add_(1));
        assertRule(rule, wide::exp_);
        assertRule(rule, () -> wide.copy_(Tensor.ones(2, 3)));
        assertRule(rule, () -> wide.maskedFill_(Tensor.ones(3).gt(0), 1));
        assertArrayEquals(new float[] {4, 4, 4, 4, 4, 4}, wide.fill_(4).toFloatArray());
        assertArrayEquals(new float[6], wide.zero_().toFloatArray());
    }

    @Test
    void fillingAnExpandedViewIsDifferentiated() {
        Tensor x = leaf(1, 2);
        Tensor y = x.mul(2).reshape(2, 1);
        y.narrow(0, 0, 1).expand(1, 3).fill_(5);
        y.sum().backward();
        assertGrad(x, 0, 2);
    }

    @Test
    void resultsMustFit() {
        String shape = "the result does not fit into the first operand";
        assertRule(shape, () -> Tensor.ones(2).add_(Tensor.ones(3, 2)));
        assertRule(shape, () -> Tensor.ones(2).copy_(Tensor.ones(3, 2)));
        assertRule(shape, () -> Tensor.ones(3).maskedFill_(Tensor.ones(2, 3).gt(0), 1));
        String type = "the result's element type cannot be stored in the first operand";
        assertRule(type, () -> Tensor.of(new long[] {1}).add_(1.5));
        assertRule(type, () -> Tensor.of(new long[] {1}).div_(2));
        assertRule(type, () -> Tensor.of(new boolean[] {true}).add_(1));
        assertRule("the value is not 0-d", () -> Tensor.ones(2).fill_(Tensor.ones(2)));
        assertRule(
                "the value is not 0-d",
                () -> Tensor.ones(2).maskedFill_(Tensor.ones(2).gt(0), Tensor.ones(1)));
    }

    @Test
    void aRefusedWriteChangesNothing() {
        Tensor y = leaf(1, 2).mul(2);
        Node node = y.gradFn();
        int version = y.version();
        assertThrows(CapstanException.class, () -> y.add_(Tensor.ones(3, 2)));
        assertThrows(CapstanException.class, () -> y.narrow(0, 0, 1).mul_(Tensor.ones(5)));
        assertSame(node, y.gradFn());
        assertEquals(version, y.version());
    }

    @Test
    void aTensorSavedThroughAnotherViewMustNotChange() {
        Tensor x = leaf(1, 2);
        Tensor y = x.mul(1);
        Tensor saved = y.narrow(0, 0, 1);
        Tensor product = saved.mul(saved);
        y.narrow(0, 1, 1).mul_(2);
        assertRule(
                "a tensor needed for the gradient was modified in place",
                () -> product.sum().backward());
    }

    // ---- assignment

    @Test
    void indicesAndSlicesAreAssigned() {
        Tensor x = Tensor.zeros(4, 2);
        assertSame(x, x.set(-1, 7));
        x.set(0, Tensor.of(new float[] {1, 2}));
        x.setSlice(1, -1, Tensor.of(new float[] {3, 4}));
        x.setSlice(2, 100, 5).setSlice(3, 1, 9);
        assertArrayEquals(new float[] {1, 2, 3, 4, 5, 5, 5, 5}, x.toFloatArray());
        assertThrows(CapstanException.class, () -> x.set(4, 1));
    }

    @Test
    void assignmentIsDifferentiated() {
        Tensor source = leaf(1, 2, 3);
        Tensor x = Tensor.zeros(3, 3);
        for (int i = 0; i < 3; i++) {
            x.set(i, source.mul(i));
        }
        x.setSlice(1, 3, 0);
        x.setSlice(2, 3, source);
        x.sum().backward();
        assertGrad(source, 1, 1, 1);
    }

    @Test
    void masksChooseWhatIsFilled() {
        Tensor x = leaf(1, -2, 3, -4);
        Tensor value = Tensor.scalar(7f).requiresGrad(true);
        Tensor y = x.mul(2);
        y.maskedFill_(y.lt(0), value);
        assertArrayEquals(new float[] {2, 7, 6, 7}, y.toFloatArray());
        y.sum().backward();
        assertGrad(x, 2, 0, 2, 0);
        assertGrad(value, 2);
        Tensor counts = Tensor.of(new long[] {1, 2}).maskedFill_(Tensor.of(new boolean[] {true, false}), 5.5);
        assertArrayEquals(new long[] {5, 2}, counts.toLongArray());
    }

    // ---- against slopes

    private static Tensor normal(long seed, int... sizes) {
        return new Generator(seed).normal(DType.FLOAT64, sizes);
    }

    private static void assertFunctional(Tensor at, Function<Tensor, List<Tensor>> program) {
        GradientCheck check = GradientCheck.standard();
        check.gradcheck(inputs -> program.apply(inputs.get(0)), List.of(at.requiresGrad(true)));
        check.gradgradcheck(inputs -> program.apply(inputs.get(0)), List.of(at));
    }

    @Test
    void gradientsOfWritesMatchFiniteDifferences() {
        assertFunctional(normal(1, 2, 3), x -> {
            Tensor y = x.tanh().copy();
            Tensor row = y.select(0, 1);
            row.exp_().mul_(x.select(0, 0));
            Tensor rest = y.slice(1, 0, 3, 2);
            rest.sub_(row.copy().narrow(0, 0, 2)).sigmoid_();
            Tensor z = Tensor.zeros(DType.FLOAT64, 3, 2);
            z.setSlice(1, 3, y.t().narrow(0, 0, 2).copy());
            z.set(0, row.copy().narrow(0, 1, 2));
            y.mul_(2);
            z.t().div_(y.copy().square().sum().add(1));
            return List.of(y, z, row, rest);
        });
    }
}

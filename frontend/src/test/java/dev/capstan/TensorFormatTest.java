// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.capstan.runtime.type.DType;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Text as PyTorch 1.13 prints it, with Java's words for true, false, requiresGrad and gradFn. */
class TensorFormatTest {
    private static float[] range(int end) {
        float[] range = new float[end];
        for (int i = 0; i < end; i++) {
            range[i] = i;
        }
        return range;
    }

    @Test
    void fractionsHaveFourDecimals() {
        assertEquals(
                """
                tensor([[0.1000, 1.2000],
                        [2.2000, 3.1000],
                        [4.9000, 5.2000]])""",
                Tensor.of(new float[] {0.1f, 1.2f, 2.2f, 3.1f, 4.9f, 5.2f}, 3, 2)
                        .toString());
        assertEquals("tensor(3.1416)", Tensor.scalar(3.14159f).toString());
    }

    @Test
    void wholeFloatsEndInAPoint() {
        assertEquals(
                "tensor([-10.,  -5.,   0.,   5.,  10.])",
                Tensor.of(new float[] {-10, -5, 0, 5, 10}).toString());
        assertEquals("tensor([0., 0.])", Tensor.zeros(2).toString());
        assertEquals("tensor(3.)", Tensor.scalar(3f).toString());
    }

    @Test
    void wideRangesAreScientific() {
        assertEquals(
                "tensor([1.0000e-10, 1.0000e-05, 1.0000e+00, 1.0000e+05, 1.0000e+10])",
                Tensor.of(new float[] {1e-10f, 1e-5f, 1, 1e5f, 1e10f}).toString());
        assertEquals(
                "tensor([1.0000e+00, 2.0000e+03])",
                Tensor.of(new float[] {1, 2000}).toString());
        assertEquals("tensor([   2., 1000.])", Tensor.of(new float[] {2, 1000}).toString());
        assertEquals("tensor([5.0000e-05])", Tensor.of(new float[] {5e-5f}).toString());
    }

    @Test
    void whatIsNotFiniteDoesNotWidenTheColumn() {
        assertEquals(
                "tensor([nan, inf, -inf])",
                Tensor.of(new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
                        .toString());
        assertEquals("tensor([1., nan])", Tensor.of(new float[] {1, Float.NaN}).toString());
    }

    @Test
    void integersAndTruthsAreAligned() {
        assertEquals("""
                tensor([[  1,  -2],
                        [300,   4]])""", Tensor.of(new long[] {1, -2, 300, 4}, 2, 2).toString());
        assertEquals(
                "tensor([9223372036854775807])",
                Tensor.of(new long[] {Long.MAX_VALUE}).toString());
        assertEquals(
                "tensor([ true, false])", Tensor.of(new boolean[] {true, false}).toString());
    }

    @Test
    void typesOtherThanTheUsualAreNamed() {
        assertEquals("tensor([1, 2], dtype=int32)", Tensor.of(new int[] {1, 2}).toString());
        assertEquals("tensor(0.5000, dtype=float64)", Tensor.scalar(0.5).toString());
        assertEquals("tensor([1], dtype=uint8)", Tensor.full(DType.UINT8, 1, 1).toString());
    }

    @Test
    void emptyTensorsShowTheirSize() {
        assertEquals("tensor([])", Tensor.zeros(0).toString());
        assertEquals("tensor([], size=[2,0])", Tensor.zeros(2, 0).toString());
        assertEquals("tensor([], dtype=int64)", Tensor.zeros(DType.INT64, 0).toString());
    }

    @Test
    void tapeIsShown() {
        Tensor leaf = Tensor.of(new float[] {1, 2}).requiresGrad(true);
        assertEquals("tensor([1., 2.], requiresGrad=true)", leaf.toString());
        assertEquals("tensor([2., 4.], gradFn=<MulBackward>)", leaf.mul(2).toString());
        assertEquals("tensor(3., gradFn=<SumBackward>)", leaf.sum().toString());
    }

    @Test
    void matricesAreSeparatedByEmptyLines() {
        assertEquals("""
                tensor([[[0., 1.],
                         [2., 3.]],

                        [[4., 5.],
                         [6., 7.]]])""", Tensor.of(range(8), 2, 2, 2).toString());
    }

    @Test
    void longRowsAreWrapped() {
        assertEquals("""
                tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.,
                        14., 15., 16., 17., 18., 19.])""", Tensor.of(range(20)).toString());
    }

    @Test
    void theMiddleOfLargeTensorsIsLeftOut() {
        long[] numbers = IntStream.range(0, 1001).mapToLong(i -> i).toArray();
        assertEquals(
                "tensor([   0,    1,    2,  ...,  998,  999, 1000])",
                Tensor.of(numbers).toString());
        assertEquals("""
                tensor([[0., 0., 0.,  ..., 0., 0., 0.],
                        [0., 0., 0.,  ..., 0., 0., 0.],
                        [0., 0., 0.,  ..., 0., 0., 0.],
                        ...,
                        [0., 0., 0.,  ..., 0., 0., 0.],
                        [0., 0., 0.,  ..., 0., 0., 0.],
                        [0., 0., 0.,  ..., 0., 0., 0.]])""", Tensor.zeros(40, 30).toString());
    }

    @Test
    void suffixesThatDoNotFitGoOnTheNextLine() {
        Tensor leaf = Tensor.of(range(14)).requiresGrad(true);
        assertEquals("""
                tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.],
                       requiresGrad=true)""", leaf.toString());
    }

    @Test
    void viewsAreShownInTheirOrder() {
        Tensor base = Tensor.of(new long[] {1, 2, 3, 4}, 2, 2);
        assertEquals("""
                tensor([[1, 3],
                        [2, 4]])""", base.t().toString());
        assertEquals("tensor([2, 4])", base.select(1, 1).toString());
        assertEquals(
                "tensor([[1, 2]])", Tensor.cat(List.of(base.narrow(0, 0, 1)), 0).toString());
    }
}

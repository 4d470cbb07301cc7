// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.spi;

/** A fast matrix product of one element type, compiled and warmed. */
@FunctionalInterface
public interface ContractionKernel {
    /**
     * {@code C = A B} or {@code C += A B} with A of m x k, B of k x n and C of m x n elements. Each element of C is one
     * chain of fused multiply-adds over ascending k, {@code c = fma(a, b, c)}, that starts from +0.0, or from C's element
     * where {@code accumulate}; so the bits do not depend on layout or on m and n. With k = 0 the start is the result.
     *
     * <p>Element (i, j) of A is at {@code aOffset + i * aRowStride + j * aColumnStride} of its array; strides may be 0 or
     * negative. The columns of C are adjacent, its rows do not overlap, and C overlaps neither A nor B.
     *
     * @param a {@code float[]} or {@code double[]}, as are b and c
     */
    void multiply(
            int m,
            int k,
            int n,
            Object a,
            int aOffset,
            int aRowStride,
            int aColumnStride,
            Object b,
            int bOffset,
            int bRowStride,
            int bColumnStride,
            Object c,
            int cOffset,
            int cRowStride,
            boolean accumulate);
}

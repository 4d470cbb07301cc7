// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import java.util.stream.IntStream;

/**
 * The innermost loops of a contraction, of which there is a generated vector form and a plain scalar one with the same
 * bits. Every element of C is one chain {@code c = fma(a, b, c)} over ascending k, from +0.0 or from C's element. Public
 * because generated classes, which implement it, live in another class loader; it is not for callers.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
public interface MicroKernels<A> {
    /**
     * One tile of C.
     *
     * @param rows its height, one of the two of the {@link TileShape}
     * @param vectors its width in vectors, 1 or 2
     * @param a packed rows of A: element (row, p) at {@code aOffset + row * A_STRIDE + p}
     * @param b a panel of B: element (p, column) at {@code bOffset + p * width + column}
     * @param k the summed size, from 1 to MAX_SUM
     * @param accumulate whether the chains continue C's elements
     */
    void tile(
            int rows,
            int vectors,
            A a,
            int aOffset,
            A b,
            int bOffset,
            A c,
            int cOffset,
            int cRowStride,
            int k,
            boolean accumulate);

    /**
     * Part of one row of C, from operands that need not be packed: element p of A at {@code aOffset + p * aStride},
     * element (p, column) of B at {@code bOffset + p * bRowStride + column}.
     *
     * @param vectors its width in vectors, 1, 2 or 4
     * @param k the summed size, at least 1
     * @param accumulate whether the chains continue C's elements
     */
    void row(
            int vectors,
            A a,
            int aOffset,
            int aStride,
            A b,
            int bOffset,
            int bRowStride,
            A c,
            int cOffset,
            int k,
            boolean accumulate);

    /**
     * Transposes as many columns as a vector has lanes: element (row, column), at {@code offset + row + column * stride},
     * goes to {@code targetOffset + row * targetStride + column}.
     *
     * @param rows a multiple of the lanes
     */
    void transpose(A source, int offset, int stride, A target, int targetOffset, int targetStride, int rows);

    /** The lanes with which the lanes of a vector change places at a distance, as generated constants need them. */
    static int[] partners(int lanes, int distance) {
        return IntStream.range(0, lanes).map(lane -> lane ^ distance).toArray();
    }
}

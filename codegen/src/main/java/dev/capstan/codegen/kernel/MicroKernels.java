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
     * One whole tile of C, the most rows and two vectors, from packed operands.
     *
     * @param a packed rows of A: element (row, p) at {@code aOffset + row * A_STRIDE + p}
     * @param b a panel of B, two vectors wide: element (p, column) at {@code bOffset + p * width + column}
     * @param cSecond where C's second vector begins behind its first
     * @param k the summed size, at least 1
     * @param accumulate whether the chains continue C's elements
     */
    void packedTile(
            A a,
            int aOffset,
            A b,
            int bOffset,
            A c,
            int cOffset,
            int cRowStride,
            int cSecond,
            int k,
            boolean accumulate);

    /**
     * One tile of C from operands that need not be packed: element (row, p) of A at
     * {@code aOffset + row * aRowStride + p * aColumnStride}, element (p, column) of B at {@code bOffset + p * bRowStride + column}. Where the second vector overlaps the first,
     * both hold the same numbers. Rows are stored in ascending order, after all have been loaded, so that vectors may run over
     * their ends into the rows that follow.
     *
     * @param height which kernel, one of the heights of the {@link TileShape}
     * @param rows rows of C, at most the height, at least {@link TileShape#fewest}
     * @param vectors its width in vectors, 1 or 2
     * @param bRowStride at least 1
     * @param bSecond where the second vector begins behind the first, in each row of B
     * @param cSecond the same in C
     * @param k the summed size, at least 1
     * @param accumulate whether the chains continue C's elements
     */
    void tile(
            int height,
            int rows,
            int vectors,
            A a,
            int aOffset,
            int aRowStride,
            int aColumnStride,
            A b,
            int bOffset,
            int bRowStride,
            int bSecond,
            A c,
            int cOffset,
            int cRowStride,
            int cSecond,
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
     * One vector of a row of C from a B of which the rows are adjacent: element p of A at {@code aOffset + p},
     * element (p, column) of B at {@code bOffset + p + column * bColumnStride}.
     *
     * @param columns how many lanes of the vector are columns of B, at least 1; what the others hold is not specified
     * @param k the summed size, a multiple of the lanes
     * @param accumulate whether the chains continue C's elements
     */
    void transposedRow(
            int columns,
            A a,
            int aOffset,
            A b,
            int bOffset,
            int bColumnStride,
            A c,
            int cOffset,
            int k,
            boolean accumulate);

    /**
     * Transposes as many columns as a vector has lanes: element (row, column), at {@code offset + row + column * stride},
     * goes to {@code targetOffset + row * targetStride + column}. Rows are stored in ascending order, so that they may run
     * over their ends into those that follow.
     *
     * @param columns how many are wanted; the others need not be stored
     * @param rows a multiple of the lanes
     */
    void transpose(
            A source, int offset, int stride, A target, int targetOffset, int targetStride, int columns, int rows);

    /**
     * Copies rows into a panel of B: element (row, column) of the first vector, at {@code offset + row * rowStride + column},
     * goes to {@code targetOffset + row * width + column}.
     *
     * @param vectors the width of the panel in vectors, 1 or 2
     * @param second where the second vector begins behind the first, in each row of the source
     */
    void pack(int vectors, A source, int offset, int rowStride, int second, A target, int targetOffset, int rows);

    /** The lanes with which the lanes of a vector change places at a distance, as generated constants need them. */
    static int[] partners(int lanes, int distance) {
        return IntStream.range(0, lanes).map(lane -> lane ^ distance).toArray();
    }
}

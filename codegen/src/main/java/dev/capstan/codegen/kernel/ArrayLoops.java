// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

/**
 * What differs between element types outside of the micro-kernels: plain loops over arrays, and the scalar micro-kernels.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
interface ArrayLoops<A> {
    A allocate(int length);

    int length(A array);

    /** Sets elements to +0.0. */
    void clear(A array, int from, int to);

    /**
     * Copies a matrix into one of which the columns are adjacent: element (i, j) goes to
     * {@code targetOffset + i * targetRowStride + j}.
     */
    void pack(Matrix<A> source, int rows, int columns, A target, int targetOffset, int targetRowStride);

    /** The same where the columns of the source are adjacent, too. */
    void copy(
            A source,
            int offset,
            int rowStride,
            A target,
            int targetOffset,
            int targetRowStride,
            int rows,
            int columns);

    /** The scalar micro-kernels for a shape. */
    MicroKernels<A> scalarKernels(TileShape shape);
}

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
     * Packs one panel: element (p, column) of {@code source}, at {@code offset + p * rowStride + column * columnStride},
     * goes to {@code targetOffset + p * width + column}; columns from {@code columns} to {@code width} become +0.0.
     */
    void pack(
            A source,
            int offset,
            int rowStride,
            int columnStride,
            int k,
            int columns,
            A target,
            int targetOffset,
            int width);

    /** Copies a matrix of which the columns are adjacent. */
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

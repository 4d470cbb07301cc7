// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

/**
 * A matrix in an array: element (i, j) is at {@code offset + i * rowStride + j * columnStride}.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
record Matrix<A>(A array, int offset, int rowStride, int columnStride) implements RightFactor<A> {
    /** A matrix of which the columns are adjacent. */
    static <A> Matrix<A> ofRows(A array, int offset, int rowStride) {
        return new Matrix<>(array, offset, rowStride, 1);
    }

    /** Where an element lies. */
    int at(int row, int column) {
        return offset + row * rowStride + column * columnStride;
    }

    /** The part below and to the right of an element, which is its first. */
    Matrix<A> from(int row, int column) {
        return new Matrix<>(array, at(row, column), rowStride, columnStride);
    }

    Matrix<A> transposed() {
        return new Matrix<>(array, offset, columnStride, rowStride);
    }
}

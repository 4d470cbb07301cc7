// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

/**
 * A copy of a right factor for products with few rows: strips of its columns one after another, each a matrix with adjacent
 * columns and no gaps, which such products read from the first element to the last.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
record Strips<A>(A array) implements RightFactor<A> {
    /** Columns of a strip: the widest part of a row, or whole multiples of it where vectors are narrower. */
    private static final int WIDTH = 64;

    /** Columns of the strip at the left of so many remaining columns. The last is no narrower than the others. */
    static int nextWidth(int remaining) {
        return remaining < 2 * WIDTH ? remaining : WIDTH;
    }

    /** The strip of a factor with k rows that begins with a column. */
    Matrix<A> strip(int column, int k, int width) {
        return Matrix.ofRows(array, column * k, width);
    }
}

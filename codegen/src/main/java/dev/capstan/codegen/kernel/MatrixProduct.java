// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

/**
 * A product to compute, {@code C = A B} or {@code C += A B}, as {@link Contraction} describes it.
 *
 * @param m rows of A and C
 * @param k columns of A, rows of B: the summed size
 * @param n columns of B and C
 * @param c its columns are adjacent
 * @param accumulate whether the chains continue C's elements
 * @param <A> {@code float[]} or {@code double[]}
 */
record MatrixProduct<A>(int m, int k, int n, Matrix<A> a, RightFactor<A> b, Matrix<A> c, boolean accumulate) {
    /** Whether no multiplication is done. */
    boolean isEmpty() {
        return m <= 0 || k <= 0 || n <= 0;
    }

    /** Some rows of C. */
    MatrixProduct<A> rows(int first, int count) {
        return new MatrixProduct<>(count, k, n, a.from(first, 0), b, c.from(first, 0), accumulate);
    }

    /** Some columns of C. */
    MatrixProduct<A> columns(Matrix<A> right, int first, int count) {
        return new MatrixProduct<>(m, k, count, a, right.from(0, first), c.from(0, first), accumulate);
    }

    /** The same with another form of the right factor. */
    MatrixProduct<A> with(RightFactor<A> right) {
        return new MatrixProduct<>(m, k, n, a, right, c, accumulate);
    }
}

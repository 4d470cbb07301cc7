// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import java.util.Random;

/**
 * A product of matrices {@code [m, k] x [k, n]} into a given array.
 *
 * @param leftTransposed whether the left one lies in memory as {@code [k, m]}
 * @param rightTransposed whether the right one lies in memory as {@code [n, k]}
 */
record Product(int m, int k, int n, boolean leftTransposed, boolean rightTransposed) implements Work {
    static Product of(int m, int k, int n) {
        return new Product(m, k, n, false, false);
    }

    /** The left matrix, row by row or column by column. */
    Values left() {
        return Values.normal(new Random(7), 1, leftTransposed ? k : m, leftTransposed ? m : k);
    }

    /** The right matrix, row by row or column by column. */
    Values right() {
        return Values.normal(new Random(8), 1, rightTransposed ? n : k, rightTransposed ? k : n);
    }

    @Override
    public Program start(Library library, double pace) {
        return library.product(this);
    }

    @Override
    public int comparedSteps() {
        return 1;
    }

    @Override
    public double tolerance() {
        return 1e-5;
    }
}

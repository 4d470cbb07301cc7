// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import java.util.Random;

/**
 * One or some operators on a tensor, into a given one.
 *
 * @param kind which
 * @param sizes the input's shape
 */
record Operation(Kind kind, int... sizes) implements Work {
    /** What is computed of x. */
    enum Kind {
        /** Along the rows. */
        SOFTMAX,
        /** Along the rows, with weight and bias. */
        LAYER_NORM,
        /** Of all elements. */
        SUM,
        /** Rows become columns. */
        TRANSPOSE,
        /** {@code tanh(sqrt(exp(tanh(x)) * 0.5 + 1) - sigmoid(x)) * 2 + x}: ten operators. */
        CHAIN,
        /** {@code (((((x + y) * x - y) * 0.5 + x) * y + 1) - x)^2 + y}: ten operators. */
        ARITHMETIC
    }

    /** The input. */
    Values x() {
        return Values.normal(new Random(9), 1, sizes);
    }

    /** The second input of arithmetic. */
    Values y() {
        return Values.normal(new Random(12), 1, sizes);
    }

    /** The factors of a layer norm. */
    Values weight() {
        return Values.normal(new Random(10), 1, sizes[1]);
    }

    /** The summands of a layer norm. */
    Values bias() {
        return Values.normal(new Random(11), 1, sizes[1]);
    }

    /** The output's shape. */
    int[] outputSizes() {
        return switch (kind) {
            case SUM -> new int[0];
            case TRANSPOSE -> new int[] {sizes[1], sizes[0]};
            case SOFTMAX, LAYER_NORM, CHAIN, ARITHMETIC -> sizes;
        };
    }

    @Override
    public Program start(Library library, double pace) {
        return library.operation(this);
    }

    @Override
    public int comparedSteps() {
        return 6;
    }

    @Override
    public double tolerance() {
        return kind == Kind.SUM ? 1e-3 : 1e-5;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import java.util.List;
import java.util.Random;

/**
 * A long short-term memory written in operators, forward and backward: the mean square of the last hidden state and its
 * gradients by the weights.
 *
 * @param x {@code [time, batch, 128]}
 * @param parameters weight {@code [512, 128]} and bias {@code [512]} of the input, weight {@code [512, 128]} of the state; the
 *     gates are input, forget, candidate and output
 */
record LongShortTerm(Values x, List<Values> parameters) implements Work {
    static final int TIME = 30;
    static final int BATCH = 32;
    static final int HIDDEN = 128;

    static LongShortTerm layer() {
        Random random = new Random(4);
        double deviation = 1 / Math.sqrt(HIDDEN);
        return new LongShortTerm(
                Values.normal(random, 1, TIME, BATCH, HIDDEN),
                List.of(
                        Values.normal(random, deviation, 4 * HIDDEN, HIDDEN),
                        Values.normal(random, deviation, 4 * HIDDEN),
                        Values.normal(random, deviation, 4 * HIDDEN, HIDDEN)));
    }

    @Override
    public Program start(Library library, double pace) {
        return library.longShortTerm(this);
    }

    @Override
    public int comparedSteps() {
        return 8;
    }

    @Override
    public double tolerance() {
        return 1e-4;
    }
}

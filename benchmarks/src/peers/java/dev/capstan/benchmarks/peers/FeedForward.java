// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A step of training a rectified network by gradient descent on the sum of squared errors.
 *
 * @param x {@code [64, 1000]}
 * @param y {@code [64, 10]}
 * @param parameters weight and bias of the first, perhaps the middle, and the last layer
 * @param depths how often the middle layer is applied, step by step and then from the start again
 */
record FeedForward(Values x, Values y, List<Values> parameters, int[] depths, double rate, double momentum)
        implements Work {
    private static final int BATCH = 64;
    static final int IN = 1000;
    static final int HIDDEN = 100;
    static final int OUT = 10;

    /** Two layers. */
    static FeedForward twoLayer() {
        Random random = new Random(1);
        List<Values> parameters = new ArrayList<>(layer(random, IN, HIDDEN));
        parameters.addAll(layer(random, HIDDEN, OUT));
        return of(random, parameters, new int[] {0}, 0);
    }

    /** A middle layer that is applied 0 to 3 times. */
    static FeedForward dynamicNet() {
        Random random = new Random(2);
        List<Values> parameters = new ArrayList<>(layer(random, IN, HIDDEN));
        parameters.addAll(layer(random, HIDDEN, HIDDEN));
        parameters.addAll(layer(random, HIDDEN, OUT));
        return of(random, parameters, new int[] {2, 0, 3, 1, 1, 3, 0, 2, 3, 2, 1, 0}, 0.9);
    }

    private static FeedForward of(Random random, List<Values> parameters, int[] depths, double momentum) {
        return new FeedForward(
                Values.normal(random, 1, BATCH, IN),
                Values.normal(random, 1, BATCH, OUT),
                List.copyOf(parameters),
                depths,
                1e-4,
                momentum);
    }

    private static List<Values> layer(Random random, int in, int out) {
        double deviation = 1 / Math.sqrt(in);
        return List.of(Values.normal(random, deviation, out, in), Values.normal(random, deviation, out));
    }

    /** Whether there is a middle layer. */
    boolean isDeep() {
        return parameters.size() == 6;
    }

    @Override
    public Program start(Library library, double pace) {
        return library.feedForward(this, pace);
    }

    @Override
    public int comparedSteps() {
        return 40;
    }

    @Override
    public double tolerance() {
        return 1e-4;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * A step of training a recurrent network of 32 states with Adam on the mean squared error: a sine of 10, 20 or 30 time steps
 * becomes a cosine, by a linear layer at every time step. The state is carried over.
 *
 * @param sequences of each length
 * @param parameters of the recurrent layer {@code [32, 1]}, {@code [32, 32]}, {@code [32]}, {@code [32]}, and of the linear
 *     one {@code [1, 32]}, {@code [1]}
 * @param order which sequence comes, step by step and then from the start again
 */
record Recurrent(List<Sequence> sequences, List<Values> parameters, int[] order, double rate) implements Work {
    static final int HIDDEN = 32;

    /** So small that it makes no difference at which point of Adam a library adds it. */
    static final double EPSILON = 1e-12;

    /**
     * One sequence.
     *
     * @param x {@code [1, time, 1]}
     * @param y what is to become of it
     */
    record Sequence(Values x, Values y) {
        static Sequence ofLength(int length) {
            float[] sine = new float[length];
            float[] cosine = new float[length];
            for (int t = 0; t < length; t++) {
                double time = length / 10.0 * Math.PI * t / (length - 1);
                sine[t] = (float) Math.sin(time);
                cosine[t] = (float) Math.cos(time);
            }
            return new Sequence(new Values(sine, 1, length, 1), new Values(cosine, 1, length, 1));
        }

        int length() {
            return x.sizes()[1];
        }
    }

    static Recurrent sines() {
        Random random = new Random(3);
        double deviation = 0.5 / Math.sqrt(HIDDEN);
        return new Recurrent(
                IntStream.of(10, 20, 30).mapToObj(Sequence::ofLength).toList(),
                List.of(
                        Values.normal(random, deviation, HIDDEN, 1),
                        Values.normal(random, deviation, HIDDEN, HIDDEN),
                        Values.normal(random, deviation, HIDDEN),
                        Values.normal(random, deviation, HIDDEN),
                        Values.normal(random, deviation, 1, HIDDEN),
                        Values.normal(random, deviation, 1)),
                new int[] {1, 0, 2, 2, 1, 0, 0, 2, 1},
                0.02);
    }

    @Override
    public Program start(Library library, double pace) {
        return library.recurrent(this, pace);
    }

    @Override
    public int comparedSteps() {
        return 27;
    }

    @Override
    public double tolerance() {
        return 1e-3;
    }
}

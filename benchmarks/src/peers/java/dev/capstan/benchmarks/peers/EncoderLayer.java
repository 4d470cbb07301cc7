// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import java.util.List;
import java.util.Random;

/**
 * A layer of a transformer's encoder, forward and backward: the mean square of its output and the gradients of that by the
 * weights. Norms come after the sums, the inner layer has 512 features, nothing is dropped.
 *
 * <p>Source: Vaswani et al., "Attention Is All You Need", 2017, section 3.
 *
 * @param x {@code [8, 64, 128]}
 * @param parameters weight and bias of: query, key and value as one {@code [384, 128]}; what follows the attention
 *     {@code [128, 128]}; the first norm; the inner layer's two, {@code [512, 128]} and {@code [128, 512]}; the second norm
 */
record EncoderLayer(Values x, List<Values> parameters) implements Work {
    static final int BATCH = 8;
    static final int TIME = 64;
    static final int WIDTH = 128;
    static final int HEADS = 4;
    static final int INNER = 512;
    static final double EPSILON = 1e-5;

    static EncoderLayer standard() {
        Random random = new Random(6);
        double deviation = 1 / Math.sqrt(WIDTH);
        return new EncoderLayer(
                Values.normal(random, 1, BATCH, TIME, WIDTH),
                List.of(
                        Values.normal(random, deviation, 3 * WIDTH, WIDTH),
                        Values.normal(random, deviation, 3 * WIDTH),
                        Values.normal(random, deviation, WIDTH, WIDTH),
                        Values.normal(random, deviation, WIDTH),
                        Values.normal(random, 1, WIDTH),
                        Values.normal(random, 1, WIDTH),
                        Values.normal(random, deviation, INNER, WIDTH),
                        Values.normal(random, deviation, INNER),
                        Values.normal(random, deviation / 2, WIDTH, INNER),
                        Values.normal(random, deviation / 2, WIDTH),
                        Values.normal(random, 1, WIDTH),
                        Values.normal(random, 1, WIDTH)));
    }

    @Override
    public Program start(Library library, double pace) {
        return library.encoderLayer(this);
    }

    @Override
    public int comparedSteps() {
        return 6;
    }

    @Override
    public double tolerance() {
        return 1e-3;
    }
}

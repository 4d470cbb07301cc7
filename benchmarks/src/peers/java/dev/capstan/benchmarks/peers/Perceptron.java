// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import java.util.List;
import java.util.Random;

/**
 * Three rectified layers, forward only.
 *
 * @param x {@code [1, 784]}
 * @param parameters weight and bias of each layer, 784 to 256 to 256 to 10
 */
record Perceptron(Values x, List<Values> parameters) implements Work {
    static Perceptron single() {
        Random random = new Random(5);
        return new Perceptron(
                Values.normal(random, 1, 1, 784),
                List.of(
                        Values.normal(random, 0.05, 256, 784),
                        Values.normal(random, 0.05, 256),
                        Values.normal(random, 0.09, 256, 256),
                        Values.normal(random, 0.09, 256),
                        Values.normal(random, 0.09, 10, 256),
                        Values.normal(random, 0.09, 10)));
    }

    @Override
    public Program start(Library library, double pace) {
        return library.perceptron(this);
    }

    @Override
    public int comparedSteps() {
        return 8;
    }

    @Override
    public double tolerance() {
        return 1e-5;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import dev.capstan.Generator;
import dev.capstan.samples.programs.Expression;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * A step of training the sample {@code tree-lstm} with Adam, eight logical expressions at a time and no two of them alike.
 *
 * @param parameters weight and bias for symbols, weights for the left and the right child, weight and bias of the logits
 */
record Trees(List<Values> parameters, double rate) implements Work {
    static final int HIDDEN = 32;
    static final int SYMBOLS = Expression.Symbol.values().length;
    private static final int BATCH = 8;
    private static final int BATCHES = 500;
    private static final int MOST_LEAVES = 10;

    static Trees expressions() {
        Random random = new Random(12);
        double deviation = 1 / Math.sqrt(HIDDEN);
        return new Trees(
                List.of(
                        Values.normal(random, deviation, 5 * HIDDEN, SYMBOLS),
                        Values.normal(random, deviation, 5 * HIDDEN),
                        Values.normal(random, deviation, 5 * HIDDEN, HIDDEN),
                        Values.normal(random, deviation, 5 * HIDDEN, HIDDEN),
                        Values.normal(random, deviation, 2, HIDDEN),
                        Values.normal(random, deviation, 2)),
                0.005);
    }

    /** Eight expressions and whether they are true, 1, or not, 0. */
    record Batch(List<Expression> expressions, long[] truths) {}

    /** What is trained on, one after another and then from the start again; far more than a region remembers paths. */
    static List<Batch> batches() {
        Generator generator = new Generator(13);
        return Stream.generate(() -> batch(generator)).limit(BATCHES).toList();
    }

    private static Batch batch(Generator generator) {
        List<Expression> expressions = new ArrayList<>();
        long[] truths = new long[BATCH];
        for (int i = 0; i < BATCH; i++) {
            Expression expression = Expression.random(generator, 2 + generator.nextInt(MOST_LEAVES - 1));
            expressions.add(expression);
            truths[i] = expression.value() ? 1 : 0;
        }
        return new Batch(expressions, truths);
    }

    @Override
    public Program start(Library library, double pace) {
        return library.trees(this, pace);
    }

    @Override
    public int comparedSteps() {
        return 20;
    }

    @Override
    public double tolerance() {
        return 1e-3;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Compiled;
import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.GradMode;
import dev.capstan.Tensor;
import dev.capstan.optim.Optimizer;
import dev.capstan.runtime.spi.RegionPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * {@link TreeLstm} learns to judge logical expressions, no two of them alike. A step is a region, but hardly ever the same
 * path twice; it is left alone after a while, and then the cell is what is compiled.
 */
final class TreeLstmTraining implements Training {
    private static final int MOST_LEAVES = 10;
    private static final int TESTED = 200;
    private static final int SHOWN = 5;
    /** The sooner it is seen that paths do not come back, the sooner the cell is compiled. */
    private static final RegionPolicy FEW_PATHS = RegionPolicy.of(3).withPaths(32);

    private final Generator generator;
    private final TreeLstm model;
    private final int batch;
    private final int steps;
    private final Compiled step = Compiled.region("TreeLstmTraining", FEW_PATHS);
    private final Optimizer optimizer;
    private final boolean forgetGradients;

    TreeLstmTraining(Settings settings) {
        generator = settings.generator();
        Initial initial = settings.initial();
        batch = settings.batch(8);
        model = new TreeLstm(settings.dtype(), settings.hidden(32));
        initial.load(model);
        steps = settings.steps(initial.steps().orElse(1000));
        optimizer = settings.optimizer(model.parameters(), Settings.Algorithm.ADAM, 0.005, 0.9);
        forgetGradients = settings.zeroGrad() == Settings.ZeroGrad.NONE;
    }

    private Expression expression() {
        return Expression.random(generator, 2 + generator.nextInt(MOST_LEAVES - 1));
    }

    @Override
    public double step(int index) {
        List<Expression> expressions = new ArrayList<>();
        long[] values = new long[batch];
        for (int i = 0; i < batch; i++) {
            Expression expression = expression();
            expressions.add(expression);
            values[i] = expression.value() ? 1 : 0;
        }
        return step.call(() -> train(expressions, Tensor.of(values))).item();
    }

    /** One step: the mean surprise of the values, {@code -log p}, is made smaller. */
    private Tensor train(List<Expression> expressions, Tensor values) {
        Tensor loss = F.crossEntropy(model.apply(expressions), values);
        optimizer.zeroGrad(forgetGradients);
        loss.backward();
        optimizer.step();
        return loss;
    }

    @Override
    public int steps() {
        return steps;
    }

    @Override
    public Map<String, Tensor> parameters() {
        return model.stateDict();
    }

    @Override
    public Compiled region() {
        return model.cell().compiled();
    }

    /** How many new expressions the model judges right. */
    @Override
    public String closing() {
        StringBuilder shown = new StringBuilder();
        int right = 0;
        try (GradMode.Scope off = GradMode.noGrad()) {
            for (int i = 0; i < TESTED; i++) {
                Expression expression = expression();
                double truth = F.softmax(model.apply(List.of(expression)), 1).toDoubleArray()[1];
                right += truth > 0.5 == expression.value() ? 1 : 0;
                if (i < SHOWN) {
                    shown.append(String.format(
                            Locale.ROOT,
                            "%n%s is %s; the model: %.0f %% true",
                            expression,
                            expression.value(),
                            100 * truth));
                }
            }
        }
        return right + " of " + TESTED + " new expressions judged right" + shown;
    }
}

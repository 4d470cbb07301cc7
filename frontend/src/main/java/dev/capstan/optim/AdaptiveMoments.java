// SPDX-License-Identifier: Apache-2.0
package dev.capstan.optim;

import dev.capstan.Tensor;
import dev.capstan.Update;
import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.DType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Descent along the mean of past gradients over the root of the mean of their squares, both corrected for their start at zero:
 * what {@link Adam} and {@link AdamW} share.
 */
abstract class AdaptiveMoments extends Optimizer {
    private final Map<Rule, Update> updates = new HashMap<>();
    private final Moments[] moments;
    private final Decay decay;
    private double beta1 = 0.9;
    private double beta2 = 0.999;
    private double eps = 1e-8;
    private double weightDecay;
    /** Those of the parameter that was changed last. */
    private @Nullable Correction correction;

    private @Nullable Rule lastRule;
    private @Nullable Update lastUpdate;

    /** How weights decay. */
    enum Decay {
        /** They are added to the gradient. */
        IN_GRADIENT,
        /** They shrink beside the descent. */
        APART
    }

    /** Which of the formulas is computed. */
    private record Rule(DType dtype, Decay decay, boolean decays) {}

    private static final class Moments {
        final Tensor first;
        final Tensor second;
        int steps;

        Moments(Tensor like) {
            first = like.zerosLike();
            second = like.zerosLike();
        }
    }

    /** What makes up for the start at zero after so many steps: the same for all parameters that have made as many. */
    private static final class Correction {
        final int steps;
        final double beta1;
        final double beta2;
        final double first;
        final double root;

        Correction(int steps, double beta1, double beta2) {
            this.steps = steps;
            this.beta1 = beta1;
            this.beta2 = beta2;
            first = 1 - StrictMath.pow(beta1, steps);
            root = Math.sqrt(1 - StrictMath.pow(beta2, steps));
        }

        boolean isOf(int made, double decay1, double decay2) {
            return steps == made && beta1 == decay1 && beta2 == decay2;
        }
    }

    /**
     * An optimizer of these leaves.
     *
     * @param decay how weights decay, if they do
     */
    AdaptiveMoments(List<? extends Tensor> parameters, Decay decay) {
        super(parameters);
        this.decay = decay;
        moments = new Moments[size()];
    }

    final void setBetas(double first, double second) {
        beta1 = requireFraction("beta1", first);
        beta2 = requireFraction("beta2", second);
    }

    final void setEps(double epsilon) {
        eps = requireNotNegative("eps", epsilon);
    }

    final void setWeightDecay(double factor) {
        weightDecay = requireNotNegative("weightDecay", factor);
    }

    @Override
    final void update(int index, Tensor parameter, Tensor gradient) {
        DType dtype = parameter.dtype();
        if (moments[index] == null || moments[index].first.dtype() != dtype) {
            moments[index] = new Moments(parameter);
        }
        Moments state = moments[index];
        state.steps++;
        if (correction == null || !correction.isOf(state.steps, beta1, beta2)) {
            correction = new Correction(state.steps, beta1, beta2);
        }
        Rule rule = new Rule(dtype, decay, weightDecay != 0);
        if (!rule.equals(lastRule)) {
            lastRule = rule;
            lastUpdate = updates.computeIfAbsent(rule, AdaptiveMoments::update);
        }
        lastUpdate.run(
                List.of(parameter, state.first, state.second, gradient),
                numbers(operands(lr() / correction.first, correction.root)));
    }

    private double[] operands(double rate, double root) {
        if (weightDecay == 0) {
            return new double[] {beta1, 1 - beta1, beta2, 1 - beta2, root, eps, -rate};
        }
        double kept = decay == Decay.APART ? 1 - lr() * weightDecay : weightDecay;
        return new double[] {beta1, 1 - beta1, beta2, 1 - beta2, root, eps, -rate, kept};
    }

    private static Update update(Rule rule) {
        return Update.of(rule.dtype, 4, rule.decays ? 8 : 7, o -> values(rule, o));
    }

    private static List<Expr> values(Rule rule, List<Expr> o) {
        boolean apart = rule.decays && rule.decay == Decay.APART;
        Expr parameter = apart ? o.get(0).mul(o.get(11)) : o.get(0);
        Expr g = rule.decays && !apart ? o.get(3).add(o.get(0).mul(o.get(11))) : o.get(3);
        Expr first = o.get(1).mul(o.get(4)).add(g.mul(o.get(5)));
        Expr second = o.get(2).mul(o.get(6)).add(g.mul(o.get(7)).mul(g));
        Expr root = Expr.apply(Primitive.SQRT, second);
        Expr denominator = root.div(o.get(8)).add(o.get(9));
        return List.of(parameter.add(o.get(10).mul(first).div(denominator)), first, second);
    }
}

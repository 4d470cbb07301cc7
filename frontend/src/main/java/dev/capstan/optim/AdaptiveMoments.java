// SPDX-License-Identifier: Apache-2.0
package dev.capstan.optim;

import dev.capstan.Tensor;
import dev.capstan.Update;
import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.DType;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Descent along the mean of past gradients over the root of the mean of their squares, both corrected for their start at zero:
 * what {@link Adam} and {@link AdamW} share.
 */
abstract class AdaptiveMoments extends Optimizer {
    private final Map<DType, Update> updates = new EnumMap<>(DType.class);
    private final Moments[] moments;
    private final boolean decays;
    private double lr = 1e-3;
    private double beta1 = 0.9;
    private double beta2 = 0.999;
    private double eps = 1e-8;
    private double weightDecay;

    private static final class Moments {
        final Tensor first;
        final Tensor second;
        int steps;

        Moments(Tensor like) {
            first = like.zerosLike();
            second = like.zerosLike();
        }
    }

    /**
     * An optimizer of these leaves.
     *
     * @param decays whether parameters also shrink on their own
     */
    AdaptiveMoments(List<? extends Tensor> parameters, boolean decays) {
        super(parameters);
        this.decays = decays;
        moments = new Moments[size()];
    }

    final void setRate(double rate) {
        lr = requireNotNegative("lr", rate);
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
        double correction1 = 1 - Math.pow(beta1, state.steps);
        double correction2 = Math.sqrt(1 - Math.pow(beta2, state.steps));
        updates.computeIfAbsent(dtype, type -> Update.of(type, 4, decays ? 8 : 7, this::rule))
                .run(
                        List.of(parameter, state.first, state.second, gradient),
                        numbers(operands(lr / correction1, correction2)));
    }

    private double[] operands(double rate, double correction) {
        return decays
                ? new double[] {beta1, 1 - beta1, beta2, 1 - beta2, correction, eps, -rate, 1 - lr * weightDecay}
                : new double[] {beta1, 1 - beta1, beta2, 1 - beta2, correction, eps, -rate};
    }

    private List<Expr> rule(List<Expr> o) {
        Expr parameter = decays ? o.get(0).mul(o.get(11)) : o.get(0);
        Expr g = o.get(3);
        Expr first = o.get(1).mul(o.get(4)).add(g.mul(o.get(5)));
        Expr second = o.get(2).mul(o.get(6)).add(g.mul(o.get(7)).mul(g));
        Expr root = Expr.apply(Primitive.SQRT, second);
        Expr denominator = root.div(o.get(8)).add(o.get(9));
        return List.of(parameter.add(o.get(10).mul(first).div(denominator)), first, second);
    }
}

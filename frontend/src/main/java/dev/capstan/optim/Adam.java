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
 * Adam: descent along the mean of past gradients over the root of the mean of their squares, both corrected for their
 * start at zero.
 *
 * <p>Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015; order of operations as in PyTorch.
 */
public final class Adam extends Optimizer {
    private final Map<DType, Update> updates = new EnumMap<>(DType.class);
    private final Moments[] moments;
    private double lr = 1e-3;
    private double beta1 = 0.9;
    private double beta2 = 0.999;
    private double eps = 1e-8;

    private static final class Moments {
        final Tensor first;
        final Tensor second;
        int steps;

        Moments(Tensor like) {
            first = like.zerosLike();
            second = like.zerosLike();
        }
    }

    /** An optimizer with learning rate 1e-3, betas 0.9 and 0.999, eps 1e-8. */
    public Adam(List<? extends Tensor> parameters) {
        super(parameters);
        moments = new Moments[size()];
    }

    /** Sets the learning rate; it may change between steps. */
    public Adam lr(double rate) {
        this.lr = requireNotNegative("lr", rate);
        return this;
    }

    /** Sets the decay of the means of gradients and of their squares, from 0 to below 1. */
    public Adam betas(double first, double second) {
        this.beta1 = requireFraction("beta1", first);
        this.beta2 = requireFraction("beta2", second);
        return this;
    }

    /** Sets what is added to the root in the denominator. */
    public Adam eps(double epsilon) {
        this.eps = requireNotNegative("eps", epsilon);
        return this;
    }

    @Override
    void update(int index, Tensor parameter, Tensor gradient) {
        DType dtype = parameter.dtype();
        if (moments[index] == null || moments[index].first.dtype() != dtype) {
            moments[index] = new Moments(parameter);
        }
        Moments state = moments[index];
        state.steps++;
        double correction1 = 1 - Math.pow(beta1, state.steps);
        double correction2 = Math.sqrt(1 - Math.pow(beta2, state.steps));
        updates.computeIfAbsent(dtype, Adam::rule)
                .run(
                        List.of(parameter, state.first, state.second, gradient),
                        numbers(beta1, 1 - beta1, beta2, 1 - beta2, correction2, eps, -(lr / correction1)));
    }

    private static Update rule(DType dtype) {
        return Update.of(dtype, 4, 7, o -> {
            Expr g = o.get(3);
            Expr first = o.get(1).mul(o.get(4)).add(g.mul(o.get(5)));
            Expr second = o.get(2).mul(o.get(6)).add(g.mul(o.get(7)).mul(g));
            Expr root = Expr.apply(Primitive.SQRT, second);
            Expr denominator = root.div(o.get(8)).add(o.get(9));
            return List.of(o.get(0).add(o.get(10).mul(first).div(denominator)), first, second);
        });
    }
}

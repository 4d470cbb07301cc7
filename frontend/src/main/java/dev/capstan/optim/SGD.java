// SPDX-License-Identifier: Apache-2.0
package dev.capstan.optim;

import dev.capstan.Tensor;
import dev.capstan.Update;
import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.type.DType;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Stochastic gradient descent: {@code v = momentum v + g}, {@code p = p - lr v}; the first velocity is the gradient itself.
 *
 * <p>Source: PyTorch, {@code torch.optim.SGD}.
 */
public final class SGD extends Optimizer {
    private final Map<DType, Update> plain = new EnumMap<>(DType.class);
    private final Map<DType, Update> withVelocity = new EnumMap<>(DType.class);
    private final Tensor[] velocities;
    private double lr = 1e-3;
    private double momentum;

    /** An optimizer with learning rate 1e-3 and no momentum. */
    public SGD(List<? extends Tensor> parameters) {
        super(parameters);
        velocities = new Tensor[size()];
    }

    /** Sets the learning rate; it may change between steps. */
    public SGD lr(double rate) {
        this.lr = requireNotNegative("lr", rate);
        return this;
    }

    /** Sets the momentum, from 0 to below 1. */
    public SGD momentum(double factor) {
        this.momentum = requireFraction("momentum", factor);
        return this;
    }

    @Override
    void update(int index, Tensor parameter, Tensor gradient) {
        DType dtype = parameter.dtype();
        if (momentum == 0) {
            plain.computeIfAbsent(dtype, SGD::descent).run(List.of(parameter, gradient), numbers(-lr));
            return;
        }
        Tensor velocity = velocities[index];
        boolean first = velocity == null || velocity.dtype() != dtype;
        if (first) {
            velocity = parameter.zerosLike();
            velocities[index] = velocity;
        }
        // with a zero velocity before it, the first velocity is the gradient
        withVelocity
                .computeIfAbsent(dtype, SGD::accelerated)
                .run(List.of(parameter, velocity, gradient), numbers(first ? 0 : momentum, -lr));
    }

    private static Update descent(DType dtype) {
        return Update.of(dtype, 2, 1, o -> List.of(o.get(0).add(o.get(1).mul(o.get(2)))));
    }

    private static Update accelerated(DType dtype) {
        return Update.of(dtype, 3, 2, o -> {
            Expr velocity = o.get(1).mul(o.get(3)).add(o.get(2));
            return List.of(o.get(0).add(velocity.mul(o.get(4))), velocity);
        });
    }
}

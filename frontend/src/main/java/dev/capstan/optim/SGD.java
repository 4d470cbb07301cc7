// SPDX-License-Identifier: Apache-2.0
package dev.capstan.optim;

import dev.capstan.Tensor;
import dev.capstan.Update;
import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Stochastic gradient descent: {@code v = momentum v + (1 - dampening) g}, {@code p = p - lr v}; the first velocity is the
 * gradient itself. With Nesterov's momentum {@code p = p - lr (g + momentum v)}. With a decay of the weights g is
 * {@code g + weightDecay p}.
 *
 * <p>Source: PyTorch, {@code torch.optim.SGD}.
 */
public final class SGD extends Optimizer {
    private final Map<Rule, Update> updates = new HashMap<>();
    private final Tensor[] velocities;
    private double momentum;
    private double dampening;
    private double weightDecay;
    private boolean nesterov;

    /** Which of the formulas is computed; options that are off cost nothing and change no bit. */
    private record Rule(DType dtype, boolean moves, boolean dampens, boolean nesterov, boolean decays) {
        Update update() {
            int numbers = numbers(0, 0, 0, 0, 0).length;
            return Update.of(dtype, moves ? 3 : 2, numbers, this::values);
        }

        /** Those that are used of: the rate, what is carried on of the velocity, the gradient's share, how far ahead, the decay. */
        double[] numbers(double... all) {
            double[] used = new double[all.length];
            int count = 0;
            for (int i = 0; i < all.length; i++) {
                if (uses(i)) {
                    used[count++] = all[i];
                }
            }
            return Arrays.copyOf(used, count);
        }

        private boolean uses(int number) {
            return switch (number) {
                case 0 -> true;
                case 1 -> moves;
                case 2 -> dampens;
                case 3 -> nesterov;
                default -> decays;
            };
        }

        /** Parameter, velocity if any, gradient, and then the {@link #numbers}. */
        private List<Expr> values(List<Expr> operands) {
            Iterator<Expr> next = operands.iterator();
            Expr parameter = next.next();
            Expr velocity = moves ? next.next() : null;
            Expr gradient = next.next();
            Expr[] number = new Expr[5];
            for (int i = 0; i < number.length; i++) {
                number[i] = uses(i) ? next.next() : null;
            }
            gradient = decays ? gradient.add(parameter.mul(number[4])) : gradient;
            if (!moves) {
                return List.of(parameter.add(gradient.mul(number[0])));
            }
            Expr moved = velocity.mul(number[1]).add(dampens ? gradient.mul(number[2]) : gradient);
            Expr direction = nesterov ? gradient.add(moved.mul(number[3])) : moved;
            return List.of(parameter.add(direction.mul(number[0])), moved);
        }
    }

    /** An optimizer with learning rate 1e-3, no momentum and no decay. */
    public SGD(List<? extends Tensor> parameters) {
        super(parameters);
        velocities = new Tensor[size()];
    }

    /** Sets the learning rate; it may change between steps, see {@link LRScheduler}. */
    public SGD lr(double rate) {
        setLr(rate);
        return this;
    }

    /** Sets the momentum, from 0 to below 1. */
    public SGD momentum(double factor) {
        this.momentum = requireFraction("momentum", factor);
        return this;
    }

    /** Sets by how much less than the whole gradient enters the velocity, from 0 to below 1. */
    public SGD dampening(double factor) {
        this.dampening = requireFraction("dampening", factor);
        return this;
    }

    /** Sets what share of a parameter is added to its gradient. */
    public SGD weightDecay(double factor) {
        this.weightDecay = requireNotNegative("weightDecay", factor);
        return this;
    }

    /** Looks ahead by the velocity; it needs a momentum and no dampening when a step is made. */
    public SGD nesterov(boolean ahead) {
        this.nesterov = ahead;
        return this;
    }

    @Override
    void update(int index, Tensor parameter, Tensor gradient) {
        if (nesterov && (momentum == 0 || dampening != 0)) {
            throw new CapstanException(
                    "optimizer",
                    "nesterov needs a momentum and no dampening",
                    "momentum " + momentum + ", dampening " + dampening);
        }
        Rule rule =
                new Rule(parameter.dtype(), momentum != 0, momentum != 0 && dampening != 0, nesterov, weightDecay != 0);
        Update update = updates.computeIfAbsent(rule, Rule::update);
        if (!rule.moves) {
            update.run(List.of(parameter, gradient), numbers(rule.numbers(-lr(), 0, 0, 0, weightDecay)));
            return;
        }
        Tensor velocity = velocities[index];
        boolean first = velocity == null || velocity.dtype() != parameter.dtype();
        if (first) {
            velocity = parameter.zerosLike();
            velocities[index] = velocity;
        }
        // with a zero velocity before it, the first velocity is the gradient
        double[] numbers = first
                ? rule.numbers(-lr(), 0, 1, momentum, weightDecay)
                : rule.numbers(-lr(), momentum, 1 - dampening, momentum, weightDecay);
        update.run(List.of(parameter, velocity, gradient), numbers(numbers));
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.optim;

import static java.util.Objects.requireNonNull;

import dev.capstan.runtime.type.CapstanException;

/**
 * A learning rate that changes with the number of calls of {@link #step()}, once an epoch or once a training step. It sets the
 * optimizer's rate, at first when it is made, and takes its shares of the rate that the optimizer had when its first schedule
 * was made. A compiled training step takes the rate as a number from outside: a change compiles nothing.
 *
 * <p>Source: PyTorch, {@code torch.optim.lr_scheduler}; each rate is computed from the number of calls, not from the rate
 * before it.
 */
public abstract class LRScheduler {
    private final Optimizer optimizer;
    private double initial;
    private double last;
    private int calls;

    LRScheduler(Optimizer optimizer) {
        this.optimizer = requireNonNull(optimizer, "optimizer");
    }

    /**
     * The rate after so many calls.
     *
     * @param initialLr the optimizer's rate without a schedule
     */
    abstract double lr(double initialLr, int steps);

    /** Sets the first rate, when all options are known. */
    final void begin() {
        initial = optimizer.initialLr();
        last = lr(initial, 0);
        optimizer.beginSchedule(initial, last);
    }

    /** Goes on to the next rate. */
    public final void step() {
        double next = lr(initial, calls + 1);
        optimizer.setLr(next);
        last = next;
        calls++;
    }

    /** The rate that it has set last (PyTorch's {@code get_last_lr}). */
    public final double lastLr() {
        return last;
    }

    final boolean isOf(Optimizer other) {
        return optimizer == other;
    }

    static int requirePositive(String name, int value) {
        if (value < 1) {
            throw new CapstanException("schedule", name + " is not from 1 on", Integer.toString(value));
        }
        return value;
    }

    static double requireNotNegative(String name, double value) {
        return Optimizer.requireNotNegative(name, value);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.optim;

/** A share of the rate for some steps, then all of it. */
public final class ConstantLR extends LRScheduler {
    private final double factor;
    private final int steps;

    /**
     * A schedule.
     *
     * @param factor the share, mostly 1/3
     * @param steps how many steps, at least 1, mostly 5
     */
    public ConstantLR(Optimizer optimizer, double factor, int steps) {
        super(optimizer);
        this.factor = requireNotNegative("factor", factor);
        this.steps = requirePositive("steps", steps);
        begin();
    }

    @Override
    double lr(double initialLr, int made) {
        return made < steps ? initialLr * factor : initialLr;
    }
}

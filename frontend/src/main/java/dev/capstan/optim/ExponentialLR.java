// SPDX-License-Identifier: Apache-2.0
package dev.capstan.optim;

/** A rate that is multiplied by {@code gamma} at each step. */
public final class ExponentialLR extends LRScheduler {
    private final double gamma;

    /** A schedule; the factor is mostly a little below 1. */
    public ExponentialLR(Optimizer optimizer, double gamma) {
        super(optimizer);
        this.gamma = requireNotNegative("gamma", gamma);
        begin();
    }

    @Override
    double lr(double initialLr, int steps) {
        return initialLr * StrictMath.pow(gamma, steps);
    }
}

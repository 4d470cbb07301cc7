// SPDX-License-Identifier: Apache-2.0
package dev.capstan.optim;

/** A share of the rate that changes linearly over some steps, then stays: mostly a warm-up. */
public final class LinearLR extends LRScheduler {
    private final double start;
    private final double end;
    private final int steps;

    /**
     * A schedule.
     *
     * @param start the share at first, mostly 1/3
     * @param end the share in the end, mostly 1
     * @param steps how many steps, at least 1, mostly 5
     */
    public LinearLR(Optimizer optimizer, double start, double end, int steps) {
        super(optimizer);
        this.start = requireNotNegative("start", start);
        this.end = requireNotNegative("end", end);
        this.steps = requirePositive("steps", steps);
        begin();
    }

    @Override
    double lr(double initialLr, int made) {
        return initialLr * (start + (end - start) * Math.min(made, steps) / steps);
    }
}

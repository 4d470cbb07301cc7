// SPDX-License-Identifier: Apache-2.0
package dev.capstan.optim;

/** A rate that is multiplied by {@code gamma} every so many steps. */
public final class StepLR extends LRScheduler {
    private final int stepSize;
    private final double gamma;

    /**
     * A schedule.
     *
     * @param stepSize how many steps, at least 1
     * @param gamma the factor, mostly 0.1
     */
    public StepLR(Optimizer optimizer, int stepSize, double gamma) {
        super(optimizer);
        this.stepSize = requirePositive("stepSize", stepSize);
        this.gamma = requireNotNegative("gamma", gamma);
        begin();
    }

    @Override
    double lr(double initialLr, int steps) {
        return initialLr * StrictMath.pow(gamma, steps / stepSize);
    }
}

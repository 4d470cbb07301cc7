// SPDX-License-Identifier: Apache-2.0
package dev.capstan.optim;

import java.util.Arrays;

/** A rate that is multiplied by {@code gamma} at each of some steps. */
public final class MultiStepLR extends LRScheduler {
    private final double gamma;
    private final int[] milestones;

    /**
     * A schedule.
     *
     * @param gamma the factor, mostly 0.1
     * @param milestones numbers of steps; one that comes twice counts twice
     */
    public MultiStepLR(Optimizer optimizer, double gamma, int... milestones) {
        super(optimizer);
        this.gamma = requireNotNegative("gamma", gamma);
        this.milestones = milestones.clone();
        begin();
    }

    @Override
    double lr(double initialLr, int steps) {
        long passed = Arrays.stream(milestones)
                .filter(milestone -> milestone <= steps)
                .count();
        return initialLr * StrictMath.pow(gamma, passed);
    }
}

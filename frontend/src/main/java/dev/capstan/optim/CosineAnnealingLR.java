// SPDX-License-Identifier: Apache-2.0
package dev.capstan.optim;

/**
 * A rate that falls to a least one along half a cosine: {@code least + (lr - least) (1 + cos(pi n / steps)) / 2} after n steps;
 * from there it rises again.
 *
 * <p>Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017, without the restarts.
 */
public final class CosineAnnealingLR extends LRScheduler {
    private final int steps;
    private final double least;

    /**
     * A schedule.
     *
     * @param steps how many steps, at least 1
     * @param least the least rate, mostly 0
     */
    public CosineAnnealingLR(Optimizer optimizer, int steps, double least) {
        super(optimizer);
        this.steps = requirePositive("steps", steps);
        this.least = requireNotNegative("least", least);
        begin();
    }

    @Override
    double lr(double initialLr, int made) {
        return least + (initialLr - least) * (1 + StrictMath.cos(Math.PI * made / steps)) / 2;
    }
}

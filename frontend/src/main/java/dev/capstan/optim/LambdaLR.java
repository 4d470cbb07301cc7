// SPDX-License-Identifier: Apache-2.0
package dev.capstan.optim;

import static java.util.Objects.requireNonNull;

import java.util.function.IntToDoubleFunction;

/** A rate of {@code lr * factor(n)} after n steps. */
public final class LambdaLR extends LRScheduler {
    private final IntToDoubleFunction factor;

    /** A schedule by any function. */
    public LambdaLR(Optimizer optimizer, IntToDoubleFunction factor) {
        super(optimizer);
        this.factor = requireNonNull(factor, "factor");
        begin();
    }

    @Override
    double lr(double initialLr, int steps) {
        return initialLr * factor.applyAsDouble(steps);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.optim;

import dev.capstan.Tensor;
import java.util.List;

/**
 * Adam: descent along the mean of past gradients over the root of the mean of their squares, both corrected for their
 * start at zero.
 *
 * <p>Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015; order of operations as in PyTorch.
 */
public final class Adam extends AdaptiveMoments {
    /** An optimizer with learning rate 1e-3, betas 0.9 and 0.999, eps 1e-8. */
    public Adam(List<? extends Tensor> parameters) {
        super(parameters, Decay.IN_GRADIENT);
    }

    /** Sets the learning rate; it may change between steps, see {@link LRScheduler}. */
    public Adam lr(double rate) {
        setLr(rate);
        return this;
    }

    /** Sets the decay of the means of gradients and of their squares, from 0 to below 1. */
    public Adam betas(double first, double second) {
        setBetas(first, second);
        return this;
    }

    /** Sets what is added to the root in the denominator. */
    public Adam eps(double epsilon) {
        setEps(epsilon);
        return this;
    }

    /** Sets what share of a parameter is added to its gradient; 0 at first. It may change between steps. */
    public Adam weightDecay(double factor) {
        setWeightDecay(factor);
        return this;
    }
}

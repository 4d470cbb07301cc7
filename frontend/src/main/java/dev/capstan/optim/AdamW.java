// SPDX-License-Identifier: Apache-2.0
package dev.capstan.optim;

import dev.capstan.Tensor;
import java.util.List;

/**
 * {@link Adam} with a decay of the weights that does not pass through the means: each step first multiplies a parameter by
 * {@code 1 - lr * weightDecay}.
 *
 * <p>Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019; order of operations as in PyTorch.
 */
public final class AdamW extends AdaptiveMoments {
    /** An optimizer with learning rate 1e-3, betas 0.9 and 0.999, eps 1e-8, weight decay 0.01. */
    public AdamW(List<? extends Tensor> parameters) {
        super(parameters, Decay.APART);
        setWeightDecay(0.01);
    }

    /** Sets the learning rate; it may change between steps, see {@link LRScheduler}. */
    public AdamW lr(double rate) {
        setLr(rate);
        return this;
    }

    /** Sets the decay of the means of gradients and of their squares, from 0 to below 1. */
    public AdamW betas(double first, double second) {
        setBetas(first, second);
        return this;
    }

    /** Sets what is added to the root in the denominator. */
    public AdamW eps(double epsilon) {
        setEps(epsilon);
        return this;
    }

    /** Sets the decay of the weights; it may change between steps. */
    public AdamW weightDecay(double factor) {
        setWeightDecay(factor);
        return this;
    }
}

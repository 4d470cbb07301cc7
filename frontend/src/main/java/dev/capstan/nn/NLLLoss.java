// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import static java.util.Objects.requireNonNull;

import dev.capstan.F;
import dev.capstan.LossOptions;
import dev.capstan.Tensor;

/** The negative logarithm of the probability of the right class, from logarithms of probabilities; see {@link F#nllLoss(Tensor, Tensor, LossOptions)}. */
public final class NLLLoss extends Loss {
    private final LossOptions options;

    /** The mean over all elements, all classes of equal weight. */
    public NLLLoss() {
        this(LossOptions.standard());
    }

    /** A loss with other options. */
    public NLLLoss(LossOptions options) {
        this.options = requireNonNull(options, "options");
    }

    @Override
    protected Tensor forward(Input in) {
        return F.nllLoss(in.input(), in.target(), options);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import static java.util.Objects.requireNonNull;

import dev.capstan.F;
import dev.capstan.LossOptions;
import dev.capstan.Tensor;

/** The cross entropy of {@code softmax(input)} and the right classes, or their probabilities; see {@link F#crossEntropy(Tensor, Tensor, LossOptions)}. */
public final class CrossEntropyLoss extends Loss {
    private final LossOptions options;

    /** The mean over all elements, all classes of equal weight. */
    public CrossEntropyLoss() {
        this(LossOptions.standard());
    }

    /** A loss with other options. */
    public CrossEntropyLoss(LossOptions options) {
        this.options = requireNonNull(options, "options");
    }

    @Override
    protected Tensor forward(Input in) {
        return F.crossEntropy(in.input(), in.target(), options);
    }
}

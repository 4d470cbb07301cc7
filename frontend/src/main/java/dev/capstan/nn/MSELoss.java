// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import static java.util.Objects.requireNonNull;

import dev.capstan.F;
import dev.capstan.Tensor;

/** The squared error of all elements, averaged or summed; see {@link F#mseLoss(Tensor, Tensor)}. */
public final class MSELoss extends Loss {
    private final F.Reduction reduction;

    /** The mean. */
    public MSELoss() {
        this(F.Reduction.MEAN);
    }

    /** The mean or the sum. */
    public MSELoss(F.Reduction reduction) {
        this.reduction = requireNonNull(reduction, "reduction");
    }

    @Override
    protected Tensor forward(Input in) {
        return F.mseLoss(in.input(), in.target(), reduction);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.F;
import dev.capstan.Tensor;

/** The means of parts into which a sequence is cut, as evenly as can be. See {@link F#adaptiveAvgPool1d}. */
public final class AdaptiveAvgPool1d extends Module<Tensor, Tensor> {
    private final int size;

    /** So many parts. */
    public AdaptiveAvgPool1d(int size) {
        this.size = size;
    }

    @Override
    protected Tensor forward(Tensor input) {
        return F.adaptiveAvgPool1d(input, size);
    }
}

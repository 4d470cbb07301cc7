// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.F;
import dev.capstan.Tensor;

/** The Gaussian error linear unit, {@code x Phi(x)}, as a module. */
public final class GELU extends Module<Tensor, Tensor> {
    /** The function; it has no parameters. */
    public GELU() {}

    @Override
    protected Tensor forward(Tensor input) {
        return F.gelu(input);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.F;
import dev.capstan.Tensor;

/** {@code x sigmoid(x)} as a module. */
public final class SiLU extends Module<Tensor, Tensor> {
    /** The function; it has no parameters. */
    public SiLU() {}

    @Override
    protected Tensor forward(Tensor input) {
        return F.silu(input);
    }
}

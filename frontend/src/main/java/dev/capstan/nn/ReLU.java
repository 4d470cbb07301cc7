// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.Tensor;

/** {@code max(x, 0)} as a module. */
public final class ReLU extends Module<Tensor, Tensor> {
    /** The function; it has no parameters. */
    public ReLU() {}

    @Override
    protected Tensor forward(Tensor input) {
        return input.relu();
    }
}

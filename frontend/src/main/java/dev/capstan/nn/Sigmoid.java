// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.Tensor;

/** {@code 1 / (1 + e^-x)} as a module. */
public final class Sigmoid extends Module<Tensor, Tensor> {
    /** The function; it has no parameters. */
    public Sigmoid() {}

    @Override
    protected Tensor forward(Tensor input) {
        return input.sigmoid();
    }
}

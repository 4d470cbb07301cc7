// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.Tensor;

/** All dimensions behind the batch as one: {@code [batch, any...]} to {@code [batch, elements]}. */
public final class Flatten extends Module<Tensor, Tensor> {
    /** The module; it has no parameters. */
    public Flatten() {}

    @Override
    protected Tensor forward(Tensor input) {
        return input.flatten(1, -1);
    }
}

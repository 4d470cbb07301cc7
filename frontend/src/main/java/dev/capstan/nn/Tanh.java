// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.Tensor;

/** The hyperbolic tangent as a module. */
public final class Tanh extends Module<Tensor, Tensor> {
    /** The function; it has no parameters. */
    public Tanh() {}

    @Override
    protected Tensor forward(Tensor input) {
        return input.tanh();
    }
}

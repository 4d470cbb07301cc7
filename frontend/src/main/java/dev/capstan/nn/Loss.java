// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.Tensor;

/** How far a result is from what it should be, as a module. */
public abstract class Loss extends Module<Loss.Input, Tensor> {
    Loss() {}

    /**
     * What a loss compares.
     *
     * @param input the result
     * @param target what it should be
     */
    public record Input(Tensor input, Tensor target) {}

    /** The loss of a result, 0-d. */
    public final Tensor apply(Tensor input, Tensor target) {
        return apply(new Input(input, target));
    }
}

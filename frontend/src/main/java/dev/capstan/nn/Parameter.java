// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.Tensor;

/** A tensor that a module learns: a leaf that requires a gradient and belongs to {@link Module#parameters()}. */
public final class Parameter extends Tensor {
    /** A parameter in the storage of a tensor. */
    public Parameter(Tensor initial) {
        super(initial.values());
        super.requiresGrad(true);
    }
}

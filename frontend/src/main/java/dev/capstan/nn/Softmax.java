// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.F;
import dev.capstan.Tensor;

/** {@code e^x / sum(e^x)} along a dimension: shares that add up to 1. */
public final class Softmax extends Module<Tensor, Tensor> {
    private final int dimension;

    /** The function along a dimension, negative from the end; it has no parameters. */
    public Softmax(int dimension) {
        this.dimension = dimension;
    }

    @Override
    protected Tensor forward(Tensor input) {
        return F.softmax(input, dimension);
    }
}

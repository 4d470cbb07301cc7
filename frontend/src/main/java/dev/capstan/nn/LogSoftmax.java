// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.F;
import dev.capstan.Tensor;

/** {@code log(e^x / sum(e^x))} along a dimension. */
public final class LogSoftmax extends Module<Tensor, Tensor> {
    private final int dimension;

    /** The function along a dimension, negative from the end; it has no parameters. */
    public LogSoftmax(int dimension) {
        this.dimension = dimension;
    }

    @Override
    protected Tensor forward(Tensor input) {
        return F.logSoftmax(input, dimension);
    }
}

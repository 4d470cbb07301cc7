// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.F;
import dev.capstan.PoolingOptions;
import dev.capstan.Tensor;
import java.util.Objects;

/** The mean of what a window shows at each position, as it slides along the rows and columns of an image. See {@link F#avgPool2d}. */
public final class AvgPool2d extends Module<Tensor, Tensor> {
    private final PoolingOptions options;

    /** A window of this size whose positions lie side by side. */
    public AvgPool2d(int size) {
        this(PoolingOptions.ofSize(size));
    }

    /** Any window. */
    public AvgPool2d(PoolingOptions options) {
        this.options = Objects.requireNonNull(options, "options");
    }

    @Override
    protected Tensor forward(Tensor input) {
        return F.avgPool2d(input, options);
    }
}

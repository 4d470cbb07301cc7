// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.F;
import dev.capstan.PoolingOptions;
import dev.capstan.Tensor;
import java.util.Objects;

/** The largest element that a window shows at each position, as it slides along a sequence. See {@link F#maxPool1d}. */
public final class MaxPool1d extends Module<Tensor, Tensor> {
    private final PoolingOptions options;

    /** A window of this size whose positions lie side by side. */
    public MaxPool1d(int size) {
        this(PoolingOptions.ofSize(size));
    }

    /** Any window. */
    public MaxPool1d(PoolingOptions options) {
        this.options = Objects.requireNonNull(options, "options");
    }

    @Override
    protected Tensor forward(Tensor input) {
        return F.maxPool1d(input, options);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.F;
import dev.capstan.Tensor;
import org.jspecify.annotations.Nullable;

/** {@code y = x W^T + b}: {@code [..., in]} to {@code [..., out]}. */
public final class Linear extends Module<Tensor, Tensor> {
    private final Parameter weight;
    private final @Nullable Parameter bias;

    /** A layer with bias. */
    public Linear(int in, int out) {
        this(in, out, true);
    }

    /** A layer with or without bias. */
    public Linear(int in, int out, boolean bias) {
        this.weight = Initialization.uniform(in, out, in);
        this.bias = bias ? Initialization.uniform(in, out) : null;
    }

    /** The weight, {@code [out, in]}. */
    public Parameter weight() {
        return weight;
    }

    /** The bias, {@code [out]}, or null. */
    public @Nullable Parameter bias() {
        return bias;
    }

    @Override
    protected Tensor forward(Tensor input) {
        return F.linear(input, weight, bias);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Compile;
import dev.capstan.Tensor;
import dev.capstan.nn.Linear;
import dev.capstan.nn.Module;

/** Two linear layers with a rectifier between them, as a module of its own: {@code [n, in]} to {@code [n, out]}. */
@Compile
public final class TwoLayerNet extends Module<Tensor, Tensor> {
    private final Linear linear1;
    private final Linear linear2;

    /** A network for these sizes. */
    public TwoLayerNet(int in, int hidden, int out) {
        linear1 = new Linear(in, hidden);
        linear2 = new Linear(hidden, out);
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor hidden = linear1.apply(x).clampMin(0);
        return linear2.apply(hidden);
    }
}

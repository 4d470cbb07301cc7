// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Compile;
import dev.capstan.Tensor;
import dev.capstan.nn.Linear;
import dev.capstan.nn.Module;
import dev.capstan.nn.Rnn;
import java.util.ArrayList;
import java.util.List;

/**
 * A recurrent layer of 32 states and, at every time step, a linear layer on top: a sequence {@code [batch, time, 1]} and a
 * state {@code [1, batch, 32]} give a sequence of the same shape and the next state. Any length will do; each is a path of
 * its own.
 */
@Compile
public final class SineRnn extends Module<Rnn.Input, Rnn.Output> {
    /** The number of hidden states. */
    public static final int HIDDEN = 32;

    private final Rnn rnn = new Rnn(1, HIDDEN).batchFirst();
    private final Linear out = new Linear(HIDDEN, 1);

    /** A network with drawn parameters. */
    public SineRnn() {}

    @Override
    protected Rnn.Output forward(Rnn.Input in) {
        Rnn.Output hidden = rnn.apply(in);
        List<Tensor> outputs = new ArrayList<>();
        for (int t = 0; t < hidden.output().size(1); t++) {
            outputs.add(out.apply(hidden.output().select(1, t)));
        }
        return new Rnn.Output(Tensor.stack(outputs, 1), hidden.state());
    }
}

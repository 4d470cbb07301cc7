// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import java.util.List;

/**
 * Layers of gated recurrent units: PyTorch's {@code torch.nn.GRU}. It takes and gives what {@link Rnn} does.
 *
 * <p>Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation",
 * 2014, with the reset after the product, as in PyTorch.
 */
public final class Gru extends Recurrent<Rnn.Input, Rnn.Output> {
    /** One layer for these sizes. */
    public Gru(int inputSize, int hiddenSize) {
        this(inputSize, hiddenSize, RecurrentOptions.standard());
    }

    /** Layers for these sizes. */
    public Gru(int inputSize, int hiddenSize, RecurrentOptions options) {
        super("gru", Recurrence.GRU, inputSize, hiddenSize, options);
    }

    /** Takes and gives sequences with the batch as first dimension. */
    public Gru batchFirst() {
        putBatchFirst();
        return this;
    }

    @Override
    protected Rnn.Output forward(Rnn.Input in) {
        Run run = run(in.input(), in.state() == null ? null : List.of(in.state()));
        return new Rnn.Output(run.output(), run.state().get(0));
    }
}

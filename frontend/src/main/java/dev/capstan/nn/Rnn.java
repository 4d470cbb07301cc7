// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Recurrent layers, {@code h_t = tanh(x_t W_ih^T + b_ih + h_{t-1} W_hh^T + b_hh)}: PyTorch's {@code torch.nn.RNN}. Sequences
 * are {@code [time, batch, features]}, or {@code [batch, time, features]} after {@link #batchFirst()}; {@code [time,
 * features]} without a batch.
 */
public final class Rnn extends Recurrent<Rnn.Input, Rnn.Output> {
    /**
     * What the layers take.
     *
     * @param input the sequence
     * @param state the hidden states before it, {@code [layers * directions, batch, hidden]}; null for zeros
     */
    public record Input(Tensor input, @Nullable Tensor state) {
        /** A sequence that begins with a state of zeros. */
        public Input(Tensor input) {
            this(input, null);
        }
    }

    /**
     * What the layers give.
     *
     * @param output the hidden states of the last layer at all steps, shaped as the sequence, {@code directions * hidden}
     *     features
     * @param state the last hidden states, {@code [layers * directions, batch, hidden]}
     */
    public record Output(Tensor output, Tensor state) {}

    /** One layer for these sizes. */
    public Rnn(int inputSize, int hiddenSize) {
        this(inputSize, hiddenSize, RecurrentOptions.standard());
    }

    /** Layers for these sizes. */
    public Rnn(int inputSize, int hiddenSize, RecurrentOptions options) {
        super("rnn", Recurrence.TANH, inputSize, hiddenSize, options);
    }

    /** Takes and gives sequences with the batch as first dimension. */
    public Rnn batchFirst() {
        putBatchFirst();
        return this;
    }

    /** Rectifies, {@code max(x, 0)}, in place of the tangent: PyTorch's {@code nonlinearity="relu"}. */
    public Rnn relu() {
        put(Recurrence.RELU);
        return this;
    }

    @Override
    protected Output forward(Input in) {
        Run run = run(in.input(), in.state() == null ? null : List.of(in.state()));
        return new Output(run.output(), run.state().get(0));
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Layers with a long short-term memory: PyTorch's {@code torch.nn.LSTM}, its gates in the order i, f, g, o. Sequences are
 * shaped as those of {@link Rnn}.
 *
 * <p>Source: Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997, with the forget gate of Gers et al., 2000.
 */
public final class Lstm extends Recurrent<Lstm.Input, Lstm.Output> {
    /**
     * What the layers take.
     *
     * @param input the sequence
     * @param state the state before it; null for zeros
     */
    public record Input(Tensor input, @Nullable LstmState state) {
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
     * @param state the last state
     */
    public record Output(Tensor output, LstmState state) {}

    /** One layer for these sizes. */
    public Lstm(int inputSize, int hiddenSize) {
        this(inputSize, hiddenSize, RecurrentOptions.standard());
    }

    /** Layers for these sizes. */
    public Lstm(int inputSize, int hiddenSize, RecurrentOptions options) {
        super("lstm", Recurrence.LSTM, inputSize, hiddenSize, options);
    }

    /** Takes and gives sequences with the batch as first dimension. */
    public Lstm batchFirst() {
        putBatchFirst();
        return this;
    }

    @Override
    protected Output forward(Input in) {
        Run run = run(in.input(), in.state() == null ? null : in.state().tensors());
        return new Output(run.output(), LstmState.of(run.state()));
    }
}

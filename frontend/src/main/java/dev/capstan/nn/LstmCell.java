// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.Tensor;
import org.jspecify.annotations.Nullable;

/** One step of an {@link Lstm}; PyTorch's {@code torch.nn.LSTMCell}. */
public final class LstmCell extends RecurrentCell<LstmCell.Input, LstmState> {
    /**
     * What a cell takes.
     *
     * @param input {@code [batch, in]}, or {@code [in]}
     * @param state the state before the step; null for zeros
     */
    public record Input(Tensor input, @Nullable LstmState state) {}

    /** A cell with biases. */
    public LstmCell(int inputSize, int hiddenSize) {
        this(inputSize, hiddenSize, true);
    }

    /** A cell with or without biases. */
    public LstmCell(int inputSize, int hiddenSize, boolean bias) {
        super("lstmCell", Recurrence.LSTM, inputSize, hiddenSize, bias);
    }

    @Override
    protected LstmState forward(Input in) {
        return LstmState.of(
                next(in.input(), in.state() == null ? null : in.state().tensors()));
    }
}

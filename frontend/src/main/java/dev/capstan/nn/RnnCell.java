// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One step of an {@link Rnn}: {@code h' = tanh(x W_ih^T + b_ih + h W_hh^T + b_hh)}; PyTorch's {@code torch.nn.RNNCell}. */
public final class RnnCell extends RecurrentCell<RnnCell.Input, Tensor> {
    /**
     * What a cell takes.
     *
     * @param input {@code [batch, in]}, or {@code [in]}
     * @param state the hidden state before the step, {@code [batch, hidden]}, or {@code [hidden]}; null for zeros
     */
    public record Input(Tensor input, @Nullable Tensor state) {}

    /** A cell with biases. */
    public RnnCell(int inputSize, int hiddenSize) {
        this(inputSize, hiddenSize, true);
    }

    /** A cell with or without biases. */
    public RnnCell(int inputSize, int hiddenSize, boolean bias) {
        super("rnnCell", Recurrence.TANH, inputSize, hiddenSize, bias);
    }

    /** Rectifies, {@code max(x, 0)}, in place of the tangent: PyTorch's {@code nonlinearity="relu"}. */
    public RnnCell relu() {
        put(Recurrence.RELU);
        return this;
    }

    @Override
    protected Tensor forward(Input in) {
        return next(in.input(), in.state() == null ? null : List.of(in.state())).get(0);
    }
}

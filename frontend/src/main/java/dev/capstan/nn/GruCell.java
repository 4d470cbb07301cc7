// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.Tensor;
import java.util.List;

/** One step of a {@link Gru}; PyTorch's {@code torch.nn.GRUCell}. */
public final class GruCell extends RecurrentCell<RnnCell.Input, Tensor> {
    /** A cell with biases. */
    public GruCell(int inputSize, int hiddenSize) {
        this(inputSize, hiddenSize, true);
    }

    /** A cell with or without biases. */
    public GruCell(int inputSize, int hiddenSize, boolean bias) {
        super("gruCell", Recurrence.GRU, inputSize, hiddenSize, bias);
    }

    @Override
    protected Tensor forward(RnnCell.Input in) {
        return next(in.input(), in.state() == null ? null : List.of(in.state())).get(0);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.Tensor;
import java.util.List;

/**
 * The state of an {@link Lstm} or an {@link LstmCell}: two tensors of one shape, for the layers {@code [layers * directions,
 * batch, hidden]}, for the cell {@code [batch, hidden]}; without the batch where the input has none.
 *
 * @param hidden the hidden state, which is also the output
 * @param cell the memory of the cell
 */
public record LstmState(Tensor hidden, Tensor cell) {
    /** The same values off the tape, for the next part of a sequence. */
    public LstmState detach() {
        return new LstmState(hidden.detach(), cell.detach());
    }

    static LstmState of(List<Tensor> tensors) {
        return new LstmState(tensors.get(0), tensors.get(1));
    }

    List<Tensor> tensors() {
        return List.of(hidden, cell);
    }
}

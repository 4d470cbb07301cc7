// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The kinds of recurrent cells: how a state follows from the one before it. Source of the formulas and of the order of the
 * gates: PyTorch, {@code torch.nn.RNN}, {@code LSTM} and {@code GRU}.
 */
enum Recurrence {
    /** {@code h' = tanh(x W_ih^T + b_ih + h W_hh^T + b_hh)}. */
    TANH(1, 1) {
        @Override
        List<Tensor> next(CellParameters cell, Tensor input, List<Tensor> state) {
            return List.of(cell.ofInput(input).add(cell.ofHidden(state.get(0))).tanh());
        }
    },
    /** The same with {@code max(., 0)} in place of the tangent. */
    RELU(1, 1) {
        @Override
        List<Tensor> next(CellParameters cell, Tensor input, List<Tensor> state) {
            return List.of(cell.ofInput(input).add(cell.ofHidden(state.get(0))).relu());
        }
    },
    /**
     * Gates i, f, g, o and a second state c: {@code c' = sigmoid(f) c + sigmoid(i) tanh(g)}, {@code h' = sigmoid(o) tanh(c')}.
     */
    LSTM(4, 2) {
        @Override
        List<Tensor> next(CellParameters cell, Tensor input, List<Tensor> state) {
            Tensor gates = cell.ofInput(input).add(cell.ofHidden(state.get(0)));
            Tensor in = gate(gates, 0).sigmoid();
            Tensor forget = gate(gates, 1).sigmoid();
            Tensor candidate = gate(gates, 2).tanh();
            Tensor out = gate(gates, 3).sigmoid();
            Tensor memory = forget.mul(state.get(1)).add(in.mul(candidate));
            return List.of(out.mul(memory.tanh()), memory);
        }
    },
    /**
     * Gates r, z, n: {@code n = tanh(x_n + sigmoid(r) h_n)}, {@code h' = n + sigmoid(z) (h - n)}, where {@code x_n} and
     * {@code h_n} are what the input and the hidden state say to the gate n.
     */
    GRU(3, 1) {
        @Override
        List<Tensor> next(CellParameters cell, Tensor input, List<Tensor> state) {
            Tensor hidden = state.get(0);
            Tensor ofInput = cell.ofInput(input);
            Tensor ofHidden = cell.ofHidden(hidden);
            Tensor reset = gate(ofInput, 0).add(gate(ofHidden, 0)).sigmoid();
            Tensor update = gate(ofInput, 1).add(gate(ofHidden, 1)).sigmoid();
            Tensor candidate =
                    gate(ofInput, 2).add(reset.mul(gate(ofHidden, 2))).tanh();
            return List.of(candidate.add(update.mul(hidden.sub(candidate))));
        }
    };

    private final int gates;
    private final int states;

    Recurrence(int gates, int states) {
        this.gates = gates;
        this.states = states;
    }

    /** How many gates the parameters serve. */
    int gates() {
        return gates;
    }

    /** How many tensors a state is; the hidden state, which is also the output, is the first. */
    int states() {
        return states;
    }

    /** The state after one step. */
    abstract List<Tensor> next(CellParameters cell, Tensor input, List<Tensor> state);

    /** A state of zeros. */
    final List<Tensor> zeros(Tensor like, int... sizes) {
        return Collections.nCopies(states, Tensor.zeros(like.dtype(), sizes));
    }

    /** The states after each step, in the order of the inputs. */
    final List<List<Tensor>> run(CellParameters cell, List<Tensor> inputs, List<Tensor> initial) {
        List<List<Tensor>> states = new ArrayList<>(inputs.size());
        List<Tensor> state = initial;
        for (Tensor input : inputs) {
            state = next(cell, input, state);
            states.add(state);
        }
        return states;
    }

    /** What a gate of this kind of cell gets: a part of the last dimension. */
    final Tensor gate(Tensor all, int index) {
        int size = all.size(-1) / gates;
        return all.narrow(-1, index * size, size);
    }
}

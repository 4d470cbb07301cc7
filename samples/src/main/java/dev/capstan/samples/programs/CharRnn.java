// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Compile;
import dev.capstan.Tensor;
import dev.capstan.nn.Embedding;
import dev.capstan.nn.Linear;
import dev.capstan.nn.LstmState;
import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Says which character comes next: characters, int64 {@code [time, batch]}, and a state give logits, {@code [time, batch,
 * alphabet]}, and the next state. The long short-term memory in it is written out in operators.
 */
@Compile
public final class CharRnn extends TextModel<CharRnn.Input, CharRnn.Output> {
    private final int hidden;
    private final Embedding embedding;
    private final Linear ofInput;
    private final Linear ofHidden;
    private final Linear out;

    /**
     * What the network takes.
     *
     * @param characters {@code [time, batch]}
     * @param state the state before them, {@code [batch, hidden]}
     */
    public record Input(Tensor characters, LstmState state) {}

    /**
     * What the network gives.
     *
     * @param logits for each character the next one, {@code [time, batch, alphabet]}
     * @param state the state after all characters
     */
    public record Output(Tensor logits, LstmState state) {}

    /** A network for these sizes. */
    public CharRnn(int alphabet, int hidden) {
        this.hidden = hidden;
        embedding = new Embedding(alphabet, hidden);
        ofInput = new Linear(hidden, 4 * hidden);
        ofHidden = new Linear(hidden, 4 * hidden, false);
        out = new Linear(hidden, alphabet);
    }

    @Override
    protected Output forward(Input in) {
        List<Tensor> outputs = new ArrayList<>();
        Tensor embedded = embedding.apply(in.characters());
        LstmState state = in.state();
        for (int t = 0; t < embedded.size(0); t++) {
            state = next(embedded.select(0, t), state);
            outputs.add(state.hidden());
        }
        return new Output(out.apply(Tensor.stack(outputs, 0)), state);
    }

    @Override
    Tensor logits(Tensor characters) {
        return apply(new Input(characters, start(characters))).logits();
    }

    private LstmState start(Tensor characters) {
        int[] sizes = {characters.size(1), hidden};
        DType dtype = embedding.weight().dtype();
        return new LstmState(Tensor.zeros(dtype, sizes), Tensor.zeros(dtype, sizes));
    }

    @Override
    UnaryOperator<Tensor> reader() {
        return new UnaryOperator<>() {
            private LstmState state;

            @Override
            public Tensor apply(Tensor character) {
                Output output = CharRnn.this.apply(new Input(character, state == null ? start(character) : state));
                state = output.state();
                return output.logits();
            }
        };
    }

    /** One step of the cell. */
    private LstmState next(Tensor character, LstmState state) {
        Tensor gates = ofInput.apply(character).add(ofHidden.apply(state.hidden()));
        Tensor in = gate(gates, 0).sigmoid();
        Tensor forget = gate(gates, 1).sigmoid();
        Tensor candidate = gate(gates, 2).tanh();
        Tensor read = gate(gates, 3).sigmoid();
        Tensor memory = forget.mul(state.cell()).add(in.mul(candidate));
        return new LstmState(read.mul(memory.tanh()), memory);
    }

    private Tensor gate(Tensor gates, int index) {
        return gates.narrow(1, index * hidden, hidden);
    }
}

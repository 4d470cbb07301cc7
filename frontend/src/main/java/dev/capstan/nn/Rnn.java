// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.F;
import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A recurrent layer, {@code h_t = tanh(x_t W_ih^T + b_ih + h_{t-1} W_hh^T + b_hh)}. Sequences are {@code [time, batch,
 * features]}, or {@code [batch, time, features]} after {@link #batchFirst()}.
 */
public final class Rnn extends Module<Rnn.Input, Rnn.Output> {
    private final int inputSize;
    private final int hiddenSize;

    @Key("weight_ih_l0")
    private final Parameter inputWeight;

    @Key("weight_hh_l0")
    private final Parameter hiddenWeight;

    @Key("bias_ih_l0")
    private final Parameter inputBias;

    @Key("bias_hh_l0")
    private final Parameter hiddenBias;

    private boolean batchFirst;

    /**
     * What the layer takes.
     *
     * @param input the sequence
     * @param state the hidden state before it, {@code [1, batch, hidden]}; null for zeros
     */
    public record Input(Tensor input, @Nullable Tensor state) {}

    /**
     * What the layer gives.
     *
     * @param output the hidden states of all steps, shaped as the sequence
     * @param state the last hidden state, {@code [1, batch, hidden]}
     */
    public record Output(Tensor output, Tensor state) {}

    /** A layer for these sizes. */
    public Rnn(int inputSize, int hiddenSize) {
        this.inputSize = inputSize;
        this.hiddenSize = hiddenSize;
        this.inputWeight = Initialization.uniform(hiddenSize, hiddenSize, inputSize);
        this.hiddenWeight = Initialization.uniform(hiddenSize, hiddenSize, hiddenSize);
        this.inputBias = Initialization.uniform(hiddenSize, hiddenSize);
        this.hiddenBias = Initialization.uniform(hiddenSize, hiddenSize);
    }

    /** Takes and gives sequences with the batch as first dimension. */
    public Rnn batchFirst() {
        batchFirst = true;
        return this;
    }

    @Override
    protected Output forward(Input in) {
        Tensor sequence = in.input();
        if (sequence.dim() != 3 || sequence.size(2) != inputSize) {
            throw new CapstanException(
                    "rnn",
                    "the input is not [" + (batchFirst ? "batch, time" : "time, batch") + ", " + inputSize + "]",
                    sequence.shape().toString());
        }
        int timeDimension = batchFirst ? 1 : 0;
        int batch = sequence.size(1 - timeDimension);
        Tensor state = state(in.state(), batch, sequence);
        List<Tensor> outputs = new ArrayList<>();
        for (int t = 0; t < sequence.size(timeDimension); t++) {
            Tensor fromInput = F.linear(sequence.select(timeDimension, t), inputWeight, inputBias);
            Tensor fromState = F.linear(state, hiddenWeight, hiddenBias);
            state = fromInput.add(fromState).tanh();
            outputs.add(state);
        }
        if (outputs.isEmpty()) {
            throw new CapstanException(
                    "rnn", "the sequence has no time step", sequence.shape().toString());
        }
        return new Output(Tensor.stack(outputs, timeDimension), state.unsqueeze(0));
    }

    private Tensor state(@Nullable Tensor given, int batch, Tensor sequence) {
        if (given == null) {
            return Tensor.zeros(sequence.dtype(), batch, hiddenSize);
        }
        boolean fits = given.dim() == 3 && given.size(0) == 1 && given.size(1) == batch && given.size(2) == hiddenSize;
        if (!fits) {
            throw new CapstanException(
                    "rnn",
                    "the state is not [1, " + batch + ", " + hiddenSize + "]",
                    given.shape().toString());
        }
        return given.select(0, 0);
    }
}

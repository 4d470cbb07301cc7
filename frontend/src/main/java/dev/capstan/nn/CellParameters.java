// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.F;
import dev.capstan.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The weights and biases of one recurrent cell in PyTorch's layout: those of its gates stand below one another, in the order
 * of the gates.
 */
final class CellParameters {
    private final Parameter inputWeight;
    private final Parameter hiddenWeight;
    private final @Nullable Parameter inputBias;
    private final @Nullable Parameter hiddenBias;

    CellParameters(Recurrence recurrence, int inputSize, int hiddenSize, boolean bias) {
        int rows = recurrence.gates() * hiddenSize;
        inputWeight = Initialization.uniform(hiddenSize, rows, inputSize);
        hiddenWeight = Initialization.uniform(hiddenSize, rows, hiddenSize);
        inputBias = bias ? Initialization.uniform(hiddenSize, rows) : null;
        hiddenBias = bias ? Initialization.uniform(hiddenSize, rows) : null;
    }

    /** The parameters under PyTorch's names, with what tells the layer and the direction behind them. */
    Map<String, Parameter> named(String suffix) {
        Map<String, Parameter> named = new LinkedHashMap<>();
        named.put("weight_ih" + suffix, inputWeight);
        named.put("weight_hh" + suffix, hiddenWeight);
        if (inputBias != null && hiddenBias != null) {
            named.put("bias_ih" + suffix, inputBias);
            named.put("bias_hh" + suffix, hiddenBias);
        }
        return named;
    }

    /** What the input says to all gates: {@code [..., in]} to {@code [..., gates * hidden]}. */
    Tensor ofInput(Tensor input) {
        return F.linear(input, inputWeight, inputBias);
    }

    /** What the hidden state says to all gates: {@code [..., hidden]} to {@code [..., gates * hidden]}. */
    Tensor ofHidden(Tensor hidden) {
        return F.linear(hidden, hiddenWeight, hiddenBias);
    }
}

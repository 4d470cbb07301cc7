// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Shape;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One step of a recurrent layer as a module: {@code [batch, in]}, or {@code [in]}, and a state give the next state. */
abstract class RecurrentCell<I, O> extends Module<I, O> {
    private final String operator;
    private final int inputSize;
    private final int hiddenSize;
    private final CellParameters parameters;
    private Recurrence recurrence;

    RecurrentCell(String operator, Recurrence recurrence, int inputSize, int hiddenSize, boolean bias) {
        this.operator = operator;
        this.recurrence = recurrence;
        this.inputSize = inputSize;
        this.hiddenSize = hiddenSize;
        this.parameters = new CellParameters(recurrence, inputSize, hiddenSize, bias);
    }

    /** Another kind of cell with the same parameters. */
    final void put(Recurrence kind) {
        recurrence = kind;
    }

    @Override
    protected final Map<String, Parameter> ownParameters() {
        return parameters.named("");
    }

    /**
     * Makes a step.
     *
     * @param state the tensors of the state before it, null for zeros
     */
    final List<Tensor> next(Tensor input, @Nullable List<Tensor> state) {
        if (input.dim() < 1 || input.dim() > 2 || input.size(-1) != inputSize) {
            throw new CapstanException(
                    operator,
                    "the input is not [batch, " + inputSize + "]",
                    input.shape().toString());
        }
        int[] sizes = input.dim() == 2 ? new int[] {input.size(0), hiddenSize} : new int[] {hiddenSize};
        if (state == null) {
            return recurrence.next(parameters, input, recurrence.zeros(input, sizes));
        }
        for (Tensor part : state) {
            if (!part.shape().equals(Shape.of(sizes))) {
                throw new CapstanException(
                        operator,
                        "the state is not " + Shape.of(sizes),
                        part.shape().toString());
            }
        }
        return recurrence.next(parameters, input, state);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.F;
import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Layers of cells that run along a sequence. A sequence is {@code [time, batch, features]}, {@code [batch, time, features]}
 * where the batch comes first, or {@code [time, features]} without a batch; a state tensor has a row for each layer and
 * direction, {@code [layers * directions, batch, hidden]}, the directions of a layer side by side.
 */
abstract class Recurrent<I, O> extends Module<I, O> {
    private final String operator;
    private final int inputSize;
    private final int hiddenSize;
    private final List<CellParameters> cells = new ArrayList<>();
    private Recurrence recurrence;
    private RecurrentOptions options;

    /** The outputs of all steps, and the tensors of the last state. */
    record Run(Tensor output, List<Tensor> state) {}

    Recurrent(String operator, Recurrence recurrence, int inputSize, int hiddenSize, RecurrentOptions options) {
        this.operator = operator;
        this.recurrence = recurrence;
        this.inputSize = inputSize;
        this.hiddenSize = hiddenSize;
        this.options = options;
        for (int layer = 0; layer < options.layers(); layer++) {
            int size = layer == 0 ? inputSize : options.directions() * hiddenSize;
            for (int direction = 0; direction < options.directions(); direction++) {
                cells.add(new CellParameters(recurrence, size, hiddenSize, options.bias()));
            }
        }
    }

    /** Another kind of cell with the same parameters. */
    final void put(Recurrence kind) {
        recurrence = kind;
    }

    final void putBatchFirst() {
        options = options.withBatchFirst(true);
    }

    @Override
    protected final Map<String, Parameter> ownParameters() {
        Map<String, Parameter> own = new LinkedHashMap<>();
        int directions = options.directions();
        for (int i = 0; i < cells.size(); i++) {
            String direction = i % directions == 1 ? "_reverse" : "";
            own.putAll(cells.get(i).named("_l" + i / directions + direction));
        }
        return own;
    }

    /**
     * Runs all layers along a sequence.
     *
     * @param state the tensors of the state before it, null for zeros
     */
    final Run run(Tensor input, @Nullable List<Tensor> state) {
        boolean batched = input.dim() != 2;
        int timeDimension = batched && options.batchFirst() ? 1 : 0;
        verifySequence(input, batched, timeDimension);
        int[] stateSizes = batched
                ? new int[] {cells.size(), input.size(1 - timeDimension), hiddenSize}
                : new int[] {cells.size(), hiddenSize};
        List<List<Tensor>> initial = initial(input, state, stateSizes);
        int length = input.size(timeDimension);
        List<Tensor> steps = new ArrayList<>(length);
        for (int t = 0; t < length; t++) {
            steps.add(input.select(timeDimension, t));
        }
        List<List<Tensor>> last = new ArrayList<>();
        for (int layer = 0; layer < options.layers(); layer++) {
            if (layer > 0) {
                steps.replaceAll(step -> F.dropout(step, options.dropout(), isTraining()));
            }
            steps = layer(layer, steps, initial, last);
        }
        List<Tensor> lastState = new ArrayList<>();
        for (int i = 0; i < recurrence.states(); i++) {
            List<Tensor> rows = new ArrayList<>(last.size());
            for (List<Tensor> row : last) {
                rows.add(row.get(i));
            }
            lastState.add(rows.size() == 1 ? rows.get(0).unsqueeze(0) : Tensor.stack(rows, 0));
        }
        return new Run(Tensor.stack(steps, timeDimension), lastState);
    }

    /** Runs one layer in its directions, adds its last states, and gives its outputs. */
    private List<Tensor> layer(int layer, List<Tensor> steps, List<List<Tensor>> initial, List<List<Tensor>> last) {
        int first = layer * options.directions();
        List<List<Tensor>> forward = recurrence.run(cells.get(first), steps, initial.get(first));
        last.add(forward.get(forward.size() - 1));
        if (!options.bidirectional()) {
            return hidden(forward);
        }
        List<List<Tensor>> backward = recurrence.run(cells.get(first + 1), reversed(steps), initial.get(first + 1));
        last.add(backward.get(backward.size() - 1));
        List<Tensor> ahead = hidden(forward);
        List<Tensor> back = reversed(hidden(backward));
        List<Tensor> both = new ArrayList<>();
        for (int t = 0; t < steps.size(); t++) {
            both.add(Tensor.cat(List.of(ahead.get(t), back.get(t)), -1));
        }
        return both;
    }

    private static List<Tensor> hidden(List<List<Tensor>> states) {
        List<Tensor> hidden = new ArrayList<>(states.size());
        for (List<Tensor> state : states) {
            hidden.add(state.get(0));
        }
        return hidden;
    }

    private static List<Tensor> reversed(List<Tensor> steps) {
        List<Tensor> reversed = new ArrayList<>(steps);
        Collections.reverse(reversed);
        return reversed;
    }

    /** The state before the sequence for each cell. */
    private List<List<Tensor>> initial(Tensor input, @Nullable List<Tensor> state, int[] stateSizes) {
        List<List<Tensor>> rows = new ArrayList<>();
        if (state == null) {
            int[] sizes = Arrays.copyOfRange(stateSizes, 1, stateSizes.length);
            List<Tensor> zeros = recurrence.zeros(input, sizes);
            cells.forEach(cell -> rows.add(zeros));
            return rows;
        }
        for (Tensor part : state) {
            if (!part.shape().equals(Shape.of(stateSizes))) {
                throw new CapstanException(
                        operator,
                        "the state is not " + Shape.of(stateSizes),
                        part.shape().toString());
            }
        }
        for (int i = 0; i < cells.size(); i++) {
            List<Tensor> row = new ArrayList<>(state.size());
            for (Tensor part : state) {
                row.add(part.select(0, i));
            }
            rows.add(row);
        }
        return rows;
    }

    private void verifySequence(Tensor input, boolean batched, int timeDimension) {
        if (batched && input.dim() != 3 || input.size(-1) != inputSize) {
            throw new CapstanException(
                    operator,
                    "the input is not [" + (options.batchFirst() ? "batch, time" : "time, batch") + ", " + inputSize
                            + "]",
                    input.shape().toString());
        }
        if (input.size(timeDimension) == 0) {
            throw new CapstanException(
                    operator, "the sequence has no time step", input.shape().toString());
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.autograd;

import static java.util.Objects.requireNonNull;

import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What one call of a {@link Function} hands from its forward to its backward computation. */
public final class Context {
    private final boolean[] needed;
    private final List<Tensor> nonDifferentiable = new ArrayList<>();
    private final List<Tensor> dirty = new ArrayList<>();
    private final Map<String, Object> kept = new HashMap<>();
    private List<Tensor> saved = List.of();
    private boolean materializesGradients = true;

    Context(List<Tensor> inputs) {
        needed = new boolean[inputs.size()];
        for (int i = 0; i < needed.length; i++) {
            needed[i] = inputs.get(i).requiresGrad();
        }
    }

    /**
     * Saves tensors for the backward computation, inputs and outputs above all. They are given back by
     * {@link #savedTensors()} if nobody has written to them since, and are forgotten after the backward pass. Called at most
     * once, in forward.
     */
    public void saveForBackward(Tensor... tensors) {
        saved = List.of(tensors);
    }

    /** What forward has saved, in its order. */
    public List<Tensor> savedTensors() {
        return saved;
    }

    /** True if the gradient of an input is wanted; backward need not compute the others. */
    public boolean needsInputGrad(int input) {
        if (input < 0 || input >= needed.length) {
            throw new CapstanException("needsInputGrad", "there is no such input", input + " of " + needed.length);
        }
        return needed[input];
    }

    /** Says that no gradient flows through these outputs. Called in forward. */
    public void markNonDifferentiable(Tensor... outputs) {
        nonDifferentiable.addAll(List.of(outputs));
    }

    /** Says that forward has written to these inputs, which it also returns. Called in forward. */
    public void markDirty(Tensor... inputs) {
        dirty.addAll(List.of(inputs));
    }

    /** Whether backward gets zeros (standard) or null for outputs that received no gradient. Called in forward. */
    public void setMaterializeGrads(boolean materialized) {
        materializesGradients = materialized;
    }

    /** Keeps something that is no tensor for the backward computation. */
    public void put(String name, Object value) {
        kept.put(requireNonNull(name, "name"), requireNonNull(value, "value"));
    }

    /**
     * What {@link #put} has kept.
     *
     * @throws CapstanException if there is nothing of that name and type
     */
    public <T> T get(String name, Class<T> type) {
        Object value = kept.get(name);
        if (!type.isInstance(value)) {
            throw new CapstanException("context", "nothing of this name and type is kept", name);
        }
        return type.cast(value);
    }

    boolean isDirty(Tensor input) {
        return dirty.stream().anyMatch(tensor -> tensor == input);
    }

    boolean isDifferentiable(Tensor output) {
        return nonDifferentiable.stream().noneMatch(tensor -> tensor == output);
    }

    boolean materializesGradients() {
        return materializesGradients;
    }

    /** Hands what was saved to the tape, which alone keeps it between the computations, and forgets the marks. */
    List<Tensor> handOver() {
        List<Tensor> tensors = saved;
        saved = List.of();
        nonDifferentiable.clear();
        dirty.clear();
        return tensors;
    }

    void lend(List<Tensor> tensors) {
        saved = tensors;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One call of an operation that brings a gradient rule of its own, as the tape sees it. Users write a
 * {@code dev.capstan.autograd.Function}, which makes these.
 */
public interface CustomOperation {
    /** What the node on the tape is called. */
    String gradientName();

    /** Computes the outputs; operators in it are not recorded. Called once, before all other methods. */
    List<Tensor> forward(List<Tensor> inputs);

    /** True if the call has written to an input, which is then one of the outputs. */
    boolean changes(Tensor input);

    /** True if gradients flow through an output. */
    boolean isDifferentiable(Tensor output);

    /** The tensors that the backward pass needs; the tape sees to it that they are as they were. */
    List<Tensor> saved();

    /** True if the backward pass wants zeros for outputs that received no gradient, rather than null. */
    boolean materializesGradients();

    /** True if what {@link #backward} computes must not be differentiated, because it is not made of operators. */
    boolean isOnceDifferentiable();

    /**
     * The gradients of the inputs; may be called again.
     *
     * @param saved what {@link #saved()} gave
     * @param gradients for each output its gradient, or null
     * @return for each input its gradient, or null
     */
    List<@Nullable Tensor> backward(List<Tensor> saved, List<@Nullable Tensor> gradients);

    /**
     * Calls an operation. Inside of a compiled region, what is queued runs first if the tape records the call, unless the
     * region makes the tape itself.
     *
     * @return the outputs, on the tape
     */
    static List<Tensor> call(CustomOperation operation, List<Tensor> inputs) {
        return FunctionNode.call(operation, inputs);
    }
}

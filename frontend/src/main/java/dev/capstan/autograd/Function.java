// SPDX-License-Identifier: Apache-2.0
package dev.capstan.autograd;

import dev.capstan.CustomOperation;
import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An operation with a gradient rule of its own: {@link #forward} computes it, {@link #backward} its gradient, and the tape
 * records a call as one node.
 *
 * <pre>{@code
 * final class Square extends Function {
 *     protected List<Tensor> forward(Context context, Tensor... inputs) {
 *         context.saveForBackward(inputs);
 *         return List.of(inputs[0].mul(inputs[0]));
 *     }
 *
 *     protected List<Tensor> backward(Context context, Tensor... gradients) {
 *         return List.of(context.savedTensors().get(0).mul(2).mul(gradients[0]));
 *     }
 * }
 *
 * Tensor y = new Square().apply(x);
 * }</pre>
 *
 * <p>Both may work on arrays ({@link Tensor#values()}) as well as with operators. If backward is made of operators, it can be
 * differentiated again; if not, mark the class {@link OnceDifferentiable}. What belongs to the function stands in its
 * fields, what belongs to one call in its {@link Context}.
 *
 * <p>Inside of a compiled region, the operators of forward are captured as all others are, and so are those of backward in a
 * step that differentiates: Java makes both at each call. In a region that does not, a call that the tape records is a program
 * of its own. What works on arrays runs as it is written.
 */
public abstract class Function {
    /** For subclasses. */
    protected Function() {}

    /**
     * Computes the outputs. Nothing is recorded: the tape shall use {@link #backward} instead.
     *
     * @param context takes what backward needs
     */
    protected abstract List<Tensor> forward(Context context, Tensor... inputs);

    /**
     * Computes the gradients of the inputs.
     *
     * @param context what forward has kept
     * @param gradients for each output its gradient, zeros if it received none; see {@link Context#setMaterializeGrads}
     * @return for each input its gradient, which may be null where {@link Context#needsInputGrad} is false or where there is
     *     none ({@link java.util.Arrays#asList} takes nulls); one that was broadcast is summed
     */
    protected abstract List<@Nullable Tensor> backward(Context context, @Nullable Tensor... gradients);

    /**
     * Calls a function with one output.
     *
     * @throws CapstanException if it has not one output
     */
    public final Tensor apply(Tensor... inputs) {
        List<Tensor> outputs = applyAll(inputs);
        if (outputs.size() != 1) {
            throw new CapstanException(
                    name(), "the function does not have one output; call applyAll", outputs.size() + " outputs");
        }
        return outputs.get(0);
    }

    /** Calls the function. */
    public final List<Tensor> applyAll(Tensor... inputs) {
        List<Tensor> operands = List.of(inputs);
        return CustomOperation.call(new Call(this, new Context(operands)), operands);
    }

    private String name() {
        String name = getClass().getSimpleName();
        return name.isEmpty() ? "Function" : name;
    }

    private record Call(Function function, Context context) implements CustomOperation {
        @Override
        public String gradientName() {
            return function.name() + "Backward";
        }

        @Override
        public List<Tensor> forward(List<Tensor> inputs) {
            return function.forward(context, inputs.toArray(new Tensor[0]));
        }

        @Override
        public boolean changes(Tensor input) {
            return context.isDirty(input);
        }

        @Override
        public boolean isDifferentiable(Tensor output) {
            return context.isDifferentiable(output);
        }

        @Override
        public List<Tensor> saved() {
            return context.handOver();
        }

        @Override
        public boolean materializesGradients() {
            return context.materializesGradients();
        }

        @Override
        public boolean isOnceDifferentiable() {
            return function.getClass().isAnnotationPresent(OnceDifferentiable.class);
        }

        @Override
        public List<@Nullable Tensor> backward(List<Tensor> saved, List<@Nullable Tensor> gradients) {
            // two threads may walk one graph
            synchronized (context) {
                context.lend(saved);
                try {
                    return function.backward(context, gradients.toArray(new Tensor[0]));
                } finally {
                    context.lend(List.of());
                }
            }
        }
    }
}

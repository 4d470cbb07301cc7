// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static java.util.Objects.requireNonNull;

import dev.capstan.runtime.type.CapstanException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Gradients as a function, without touching {@link Tensor#grad()}. */
public final class Autograd {
    private Autograd() {}

    /**
     * The gradients of a single-element output with respect to inputs, each of its input's type and shape.
     *
     * @throws CapstanException if an input does not require a gradient or the output does not depend on it
     */
    public static List<Tensor> grad(Tensor output, List<? extends Tensor> inputs) {
        return grad(output, inputs, null, false, false);
    }

    /**
     * The gradients of an output with respect to inputs.
     *
     * @param gradient the gradient of the output; may be null for a single element
     * @param retainGraph true to keep the graph for another pass
     * @param createGraph true to record this pass, so that its results can be differentiated; keeps the graph, too
     */
    public static List<Tensor> grad(
            Tensor output,
            List<? extends Tensor> inputs,
            @Nullable Tensor gradient,
            boolean retainGraph,
            boolean createGraph) {
        List<Edge> targets = new ArrayList<>();
        for (Tensor input : inputs) {
            Edge edge = requireNonNull(input, "input").gradientEdge();
            if (edge == null) {
                throw new CapstanException(
                        "grad",
                        "an input does not require a gradient",
                        input.type().toString());
            }
            targets.add(edge);
        }
        Tensor seed = seed("grad", output, gradient);
        Tensor[] found = BackwardPass.gradients(
                List.of(output.gradientEdge()), List.of(seed), targets, retainGraph || createGraph, createGraph);
        for (int i = 0; i < found.length; i++) {
            if (found[i] == null) {
                throw new CapstanException(
                        "grad",
                        "the output does not depend on an input",
                        inputs.get(i).type().toString());
            }
        }
        return List.of(found);
    }

    static void backward(Tensor output, @Nullable Tensor gradient, boolean retainGraph, boolean createGraph) {
        Tensor seed = seed("backward", output, gradient);
        Edge root = output.gradientEdge();
        BackwardPass.accumulate(List.of(root), List.of(seed), retainGraph || createGraph, createGraph);
    }

    private static Tensor seed(String operator, Tensor output, @Nullable Tensor gradient) {
        if (!output.requiresGrad()) {
            throw new CapstanException(
                    operator,
                    "the tensor does not require a gradient and has no gradFn",
                    output.type().toString());
        }
        if (gradient == null) {
            if (output.numel() != 1) {
                throw new CapstanException(
                        operator,
                        "only a single element has an implicit gradient; give one",
                        output.type().toString());
            }
            return output.onesLike();
        }
        if (!gradient.shape().equals(output.shape()) || gradient.dtype() != output.dtype()) {
            throw new CapstanException(
                    operator, "the gradient has another type", gradient.type() + " for " + output.type());
        }
        return gradient;
    }
}

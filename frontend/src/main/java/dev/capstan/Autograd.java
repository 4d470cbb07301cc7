// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static java.util.Objects.requireNonNull;

import dev.capstan.runtime.type.CapstanException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Walks back over the tape: gradients as a function, and from several results at once. */
public final class Autograd {
    private Autograd() {}

    /**
     * The gradients of a single-element output with respect to inputs, each of its input's type and shape. Inputs are leaves
     * or results; no {@link Tensor#grad()} is touched.
     *
     * @throws CapstanException if an input does not require a gradient or the output does not depend on it
     */
    public static List<Tensor> grad(Tensor output, List<? extends Tensor> inputs) {
        return grad(List.of(output), inputs);
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
        GradOptions options = new GradOptions(retainGraph, createGraph, false);
        return grad(List.of(output), inputs, Collections.singletonList(gradient), options);
    }

    /** The gradients of the sum of single-element outputs with respect to inputs. */
    public static List<Tensor> grad(List<? extends Tensor> outputs, List<? extends Tensor> inputs) {
        return grad(outputs, inputs, null, GradOptions.standard());
    }

    /**
     * The gradients of outputs with respect to inputs, summed over the outputs.
     *
     * @param gradOutputs for each output its gradient, or null for a single element; null as a whole if all have one
     *     element
     * @return for each input its gradient; null for one that no output depends on, if the options allow that
     */
    public static List<@Nullable Tensor> grad(
            List<? extends Tensor> outputs,
            List<? extends Tensor> inputs,
            @Nullable List<? extends @Nullable Tensor> gradOutputs,
            GradOptions options) {
        requireNonNull(options, "options");
        Region region = Region.current();
        if (region != null) {
            region.needsTape("gradients are asked for as a function");
        }
        List<Edge> targets = new ArrayList<>();
        for (Tensor input : inputs) {
            if (!requireNonNull(input, "input").requiresGrad()) {
                throw new CapstanException(
                        "grad",
                        "an input does not require a gradient",
                        input.type().toString());
            }
            targets.add(input.place("grad"));
        }
        List<Tensor> seeds = seeds("grad", outputs, gradOutputs);
        Tensor[] found =
                BackwardPass.gradients(edges(outputs), seeds, targets, options.keepsGraph(), options.createGraph());
        for (int i = 0; i < found.length; i++) {
            if (found[i] == null && !options.allowUnused()) {
                throw new CapstanException(
                        "grad",
                        "the output does not depend on an input",
                        inputs.get(i).type().toString());
            }
        }
        return Collections.unmodifiableList(Arrays.asList(found));
    }

    /** Computes the gradients of the sum of single-element results and adds them to {@link Tensor#grad()} of all leaves. */
    public static void backward(List<? extends Tensor> tensors) {
        backward(tensors, null, GradOptions.standard());
    }

    /**
     * Computes the gradients of several results in one pass and adds them to {@link Tensor#grad()} of all leaves.
     *
     * @param gradTensors for each tensor its gradient, or null for a single element; null as a whole if all have one
     *     element
     */
    public static void backward(
            List<? extends Tensor> tensors,
            @Nullable List<? extends @Nullable Tensor> gradTensors,
            GradOptions options) {
        requireNonNull(options, "options");
        if (isQueued(tensors, gradTensors, options)) {
            return;
        }
        List<Tensor> seeds = seeds("backward", tensors, gradTensors);
        BackwardPass.accumulate(edges(tensors), seeds, options.keepsGraph(), options.createGraph());
    }

    /** True if a compiled region has queued the pass. */
    private static boolean isQueued(
            List<? extends Tensor> tensors,
            @Nullable List<? extends @Nullable Tensor> gradTensors,
            GradOptions options) {
        Region region = Region.current();
        if (region == null) {
            return false;
        }
        if (options.createGraph()) {
            region.needsTape("a backward pass is recorded");
        }
        if (tensors.size() != 1) {
            region.needsTape("several tensors are differentiated at once");
        }
        if (tensors.size() != 1 || options.createGraph()) {
            return false;
        }
        Tensor gradient = gradTensors == null || gradTensors.size() != 1 ? null : gradTensors.get(0);
        verifySeed("backward", tensors.get(0), gradient);
        return region.backward(tensors.get(0), gradient, options.keepsGraph());
    }

    /**
     * Looks for the origin of bad gradients on this thread until the scope is closed: nodes remember the line of the
     * program that made them, and a backward pass in which a gradient becomes NaN is an error that names the node and the
     * line. Compiled regions run eagerly meanwhile. Slow; for finding faults.
     *
     * <pre>{@code
     * try (var scope = Autograd.detectAnomaly()) {
     *     model.apply(x).backward();
     * }
     * }</pre>
     */
    public static GradMode.Scope detectAnomaly() {
        return Anomaly.detect();
    }

    private static List<Edge> edges(List<? extends Tensor> roots) {
        return roots.stream().map(Tensor::gradientEdge).toList();
    }

    private static List<Tensor> seeds(
            String operator, List<? extends Tensor> outputs, @Nullable List<? extends @Nullable Tensor> gradients) {
        if (gradients != null && gradients.size() != outputs.size()) {
            throw new CapstanException(
                    operator,
                    "the numbers of tensors and of gradients differ",
                    outputs.size() + " and " + gradients.size());
        }
        List<Tensor> seeds = new ArrayList<>();
        for (int i = 0; i < outputs.size(); i++) {
            seeds.add(seed(operator, outputs.get(i), gradients == null ? null : gradients.get(i)));
        }
        return seeds;
    }

    private static Tensor seed(String operator, Tensor output, @Nullable Tensor gradient) {
        verifySeed(operator, output, gradient);
        return gradient == null ? output.onesLike() : gradient;
    }

    private static void verifySeed(String operator, Tensor output, @Nullable Tensor gradient) {
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
        } else if (!gradient.shape().equals(output.shape()) || gradient.dtype() != output.dtype()) {
            throw new CapstanException(
                    operator, "the gradient has another type", gradient.type() + " for " + output.type());
        }
    }
}

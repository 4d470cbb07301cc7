// SPDX-License-Identifier: Apache-2.0
package dev.capstan.autograd;

import static java.util.Objects.requireNonNull;

import dev.capstan.Autograd;
import dev.capstan.GradOptions;
import dev.capstan.Tensor;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.type.CapstanException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Compares the gradients that the tape gives with slopes that are measured: every element of every input is moved up and
 * down, and every element of every output is watched. PyTorch's {@code gradcheck} and {@code gradgradcheck}, with their
 * standard values, which suit float64; float32 needs larger steps and tolerances.
 *
 * @param step by how much an element is moved to either side
 * @param absoluteTolerance the error that is allowed in any slope
 * @param relativeTolerance the error that is allowed as a part of the measured slope
 */
public record GradientCheck(double step, double absoluteTolerance, double relativeTolerance) {
    private static final GradientCheck STANDARD = new GradientCheck(1e-6, 1e-5, 1e-3);

    /** Steps of 1e-6, tolerances of 1e-5 absolutely and 1e-3 relatively. */
    public static GradientCheck standard() {
        return STANDARD;
    }

    /** The same with another {@link #step()}. */
    public GradientCheck withStep(double moved) {
        return new GradientCheck(moved, absoluteTolerance, relativeTolerance);
    }

    /** The same with other tolerances. */
    public GradientCheck withTolerances(double absolute, double relative) {
        return new GradientCheck(step, absolute, relative);
    }

    /** Checks a function of one tensor; see {@link #gradcheck(Function, List)}. */
    public void gradcheck(UnaryOperator<Tensor> function, Tensor input) {
        gradcheck(inputs -> function.apply(inputs.get(0)), List.of(input));
    }

    /**
     * Checks the gradients of a function with respect to all inputs that require one.
     *
     * @param function from tensors in the order of the inputs to a tensor or a list of tensors; it must use those that it is
     *     given
     * @throws CapstanException if a gradient is wrong, naming input, output and their elements; or if no input requires a
     *     gradient
     */
    public void gradcheck(Function<? super List<Tensor>, ?> function, List<Tensor> inputs) {
        requireNonNull(function, "function");
        if (inputs.stream().noneMatch(Tensor::requiresGrad)) {
            throw new CapstanException("gradcheck", "no input requires a gradient", inputs.size() + " inputs");
        }
        List<Tensor> leaves = copies(inputs);
        List<Tensor> outputs = outputs(function, leaves);
        for (int i = 0; i < inputs.size(); i++) {
            if (inputs.get(i).requiresGrad()) {
                double[][][] measured = measured(function, inputs, i, outputs);
                for (int o = 0; o < outputs.size(); o++) {
                    if (outputs.get(o).dtype().isFloating()) {
                        compare(leaves.get(i), i, outputs.get(o), o, measured[o]);
                    }
                }
            }
        }
    }

    /** Checks second derivatives of a function of one tensor; see {@link #gradgradcheck(Function, List)}. */
    public void gradgradcheck(UnaryOperator<Tensor> function, Tensor input) {
        gradgradcheck(inputs -> function.apply(inputs.get(0)), List.of(input));
    }

    /**
     * Checks the gradients of the gradients of a function, for upstream gradients that vary from element to element.
     *
     * @see #gradcheck(Function, List)
     */
    public void gradgradcheck(Function<? super List<Tensor>, ?> function, List<Tensor> inputs) {
        List<Tensor> outputs = outputs(requireNonNull(function, "function"), copies(inputs)).stream()
                .filter(Tensor::requiresGrad)
                .toList();
        List<Tensor> extended = new ArrayList<>(inputs);
        for (int o = 0; o < outputs.size(); o++) {
            extended.add(upstream(outputs.get(o), o));
        }
        gradcheck(arguments -> gradients(function, arguments, inputs), extended);
    }

    /** The gradients of a function as a function of its inputs and of the upstream gradients. */
    private static List<Tensor> gradients(
            Function<? super List<Tensor>, ?> function, List<Tensor> arguments, List<Tensor> inputs) {
        List<Tensor> given = arguments.subList(0, inputs.size());
        List<Tensor> outputs =
                outputs(function, given).stream().filter(Tensor::requiresGrad).toList();
        List<Tensor> needed = given.stream().filter(Tensor::requiresGrad).toList();
        List<Tensor> gradients = new ArrayList<>(Autograd.grad(
                outputs,
                needed,
                arguments.subList(inputs.size(), arguments.size()),
                GradOptions.standard().withCreateGraph(true).withAllowUnused(true)));
        gradients.removeAll(Collections.singleton(null));
        return gradients;
    }

    /** Numbers between 0.5 and 1.5 without a pattern that a sum could hide. */
    private static Tensor upstream(Tensor output, int number) {
        double[] elements = new double[output.numel()];
        for (int i = 0; i < elements.length; i++) {
            // in sixty-fourths, which float32 holds exactly
            elements[i] = 1 + Math.round(32 * Math.sin(1 + 2.3 * i + 0.7 * number)) / 64.0;
        }
        return Tensor.of(elements)
                .reshape(output.shape().sizes())
                .to(output.dtype())
                .detach()
                .requiresGrad(true);
    }

    private static List<Tensor> copies(List<Tensor> inputs) {
        return inputs.stream()
                .map(input -> input.detach().copy().requiresGrad(input.requiresGrad()))
                .toList();
    }

    private static List<Tensor> outputs(Function<? super List<Tensor>, ?> function, List<Tensor> inputs) {
        Object result = function.apply(inputs);
        if (result instanceof Tensor tensor) {
            return List.of(tensor);
        }
        if (result instanceof List<?> list && list.stream().allMatch(Tensor.class::isInstance)) {
            return list.stream().map(Tensor.class::cast).toList();
        }
        throw new CapstanException("gradcheck", "the function gives neither a tensor nor a list of them", "" + result);
    }

    /** For each output, input element and output element the slope between two moves of the input element. */
    private double[][][] measured(
            Function<? super List<Tensor>, ?> function, List<Tensor> inputs, int input, List<Tensor> outputs) {
        int elements = inputs.get(input).numel();
        double[][][] slopes = new double[outputs.size()][elements][];
        for (int e = 0; e < elements; e++) {
            List<Tensor> above = outputs(function, moved(inputs, input, e, step));
            List<Tensor> below = outputs(function, moved(inputs, input, e, -step));
            for (int o = 0; o < slopes.length; o++) {
                double[] high = above.get(o).toDoubleArray();
                double[] low = below.get(o).toDoubleArray();
                slopes[o][e] = new double[high.length];
                for (int i = 0; i < high.length; i++) {
                    slopes[o][e][i] = (high[i] - low[i]) / (2 * step);
                }
            }
        }
        return slopes;
    }

    private static List<Tensor> moved(List<Tensor> inputs, int input, int element, double distance) {
        List<Tensor> arguments = new ArrayList<>(copies(inputs));
        NdArray array = arguments.get(input).values();
        int at = array.layout().offset() + element;
        array.set(at, array.get(at) + distance);
        return arguments;
    }

    private void compare(Tensor leaf, int input, Tensor output, int number, double[][] measured) {
        for (int i = 0; i < output.numel(); i++) {
            double[] given = row(leaf, output, i);
            for (int e = 0; e < given.length; e++) {
                double slope = measured[e][i];
                double allowed = absoluteTolerance + relativeTolerance * Math.abs(slope);
                boolean same = Math.abs(given[e] - slope) <= allowed || Double.isNaN(given[e]) && Double.isNaN(slope);
                if (!same) {
                    throw new CapstanException(
                            "gradcheck",
                            "a gradient is not the slope that was measured",
                            "of output " + number + " " + place(output, i) + " by input " + input + " " + place(leaf, e)
                                    + ": " + given[e] + " instead of " + slope);
                }
            }
        }
    }

    /** The gradient of one element of an output. */
    private static double[] row(Tensor leaf, Tensor output, int element) {
        if (!output.requiresGrad()) {
            return new double[leaf.numel()];
        }
        double[] unit = new double[output.numel()];
        unit[element] = 1;
        Tensor upstream = Tensor.of(unit).reshape(output.shape().sizes()).to(output.dtype());
        Tensor gradient = Autograd.grad(
                        List.of(output),
                        List.of(leaf),
                        List.of(upstream),
                        GradOptions.standard().withRetainGraph(true).withAllowUnused(true))
                .get(0);
        if (gradient == null) {
            return new double[leaf.numel()];
        }
        if (!gradient.shape().equals(leaf.shape()) || gradient.dtype() != leaf.dtype()) {
            throw new CapstanException(
                    "gradcheck",
                    "a gradient has another type than its input",
                    gradient.dtype() + " " + gradient.shape() + " for " + leaf.dtype() + " " + leaf.shape());
        }
        return gradient.toDoubleArray();
    }

    private static String place(Tensor tensor, int element) {
        int[] indices = new int[tensor.dim()];
        int rest = element;
        for (int i = indices.length - 1; i >= 0; i--) {
            indices[i] = rest % tensor.size(i);
            rest /= tensor.size(i);
        }
        return Arrays.toString(indices).replace(" ", "");
    }
}

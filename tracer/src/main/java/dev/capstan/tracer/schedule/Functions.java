// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.op.Elementwise;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Functions of one argument that many primitives make, such as a hyperbolic tangent, as one step on {@link Terms}. A value
 * of a kernel is found to be the function of another one by its term; how either is computed does not matter. What is equal
 * so is equal in any case; if a kernel does the work of a function in a way in which it is not found, terms differ that need
 * not.
 */
final class Functions {
    /** Of fewer steps it is not worth it. */
    private static final int FEWEST = 10;

    private static final long FUNCTION = 7L << 48;
    private static final long ARGUMENT = 8L << 48;

    private final Terms terms;
    private final List<Kernel> kernels;

    /**
     * A value that is a function of another one.
     *
     * @param function the number of the function
     * @param argument the number of the other value
     */
    record Call(int function, int argument) {}

    /** @param kernels of one input and one output */
    Functions(Terms terms, List<Kernel> kernels) {
        this.terms = terms;
        this.kernels = kernels;
    }

    /** Those that a graph applies, the shortest first. */
    static List<Kernel> of(Graph graph) {
        Set<List<Object>> seen = new LinkedHashSet<>();
        Set<Kernel> found = new LinkedHashSet<>();
        graph.definitions().forEach(definition -> {
            if (definition instanceof Apply apply
                    && apply.operator() instanceof Elementwise elementwise
                    && apply.operands().size() == 1) {
                List<TensorType> types = List.of(graph.type(apply.operands().get(0)));
                if (seen.add(List.of(elementwise, types.get(0).dtype()))) {
                    found.add(elementwise.kernel(types));
                }
            }
        });
        List<Kernel> functions = new ArrayList<>(found);
        functions.removeIf(kernel -> kernel.instructions().size() < FEWEST
                || kernel.inputs().size() != 1
                || kernel.outputs().size() != 1);
        functions.sort(Comparator.comparingInt(kernel -> kernel.instructions().size()));
        return functions;
    }

    /** For each value of a kernel, which function of another one it is; null for most. */
    Call[] calls(Kernel kernel) {
        Call[] calls = new Call[kernel.instructions().size()];
        if (kernels.isEmpty()) {
            return calls;
        }
        long[] arguments = new long[kernel.inputs().size()];
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = Terms.mixed(ARGUMENT, i, 0);
        }
        long[] values = values(kernel, arguments);
        Map<Long, Integer> numbers = new HashMap<>();
        for (int i = 0; i < values.length; i++) {
            numbers.putIfAbsent(values[i], i);
        }
        for (int function = 0; function < kernels.size(); function++) {
            Kernel body = kernels.get(function);
            for (int argument = 0; argument < values.length; argument++) {
                boolean fits = kernel.instructions().get(argument).type()
                                == body.inputs().get(0)
                        && !Terms.isConstant(values[argument]);
                Integer number = fits ? numbers.get(value(body, values[argument])) : null;
                if (number != null && number > argument && calls[number] == null) {
                    calls[number] = new Call(function, argument);
                }
            }
        }
        return calls;
    }

    /** The values of a kernel that have to be worked out. */
    static boolean[] needed(Kernel kernel, Call[] calls) {
        boolean[] needed = new boolean[calls.length];
        kernel.outputs().forEach(output -> needed[output] = true);
        for (int i = calls.length - 1; i >= 0; i--) {
            Instruction step = kernel.instructions().get(i);
            if (!needed[i] || step.primitive() == Primitive.INPUT || step.primitive() == Primitive.CONSTANT) {
                continue;
            }
            if (calls[i] != null) {
                needed[calls[i].argument] = true;
                continue;
            }
            for (int operand : new int[] {step.a(), step.b(), step.c()}) {
                if (operand >= 0) {
                    needed[operand] = true;
                }
            }
        }
        return needed;
    }

    /** The terms of a function's values. Of constants it is worked out, since that may be a constant, too. */
    void apply(Call call, long[] arguments, long[] results, int count) {
        for (int i = 0; i < count; i++) {
            results[i] = Terms.mixed(FUNCTION + call.function, arguments[i], 0);
        }
        if (Terms.mayHaveConstants(arguments, count)) {
            for (int i = 0; i < count; i++) {
                if (Terms.isConstant(arguments[i])) {
                    results[i] = value(kernels.get(call.function), arguments[i]);
                }
            }
        }
    }

    private long value(Kernel kernel, long argument) {
        return values(kernel, new long[] {argument})[kernel.outputs().get(0)];
    }

    private long[] values(Kernel kernel, long[] arguments) {
        long[] values = new long[kernel.instructions().size()];
        long[] result = new long[1];
        for (int i = 0; i < values.length; i++) {
            Instruction step = kernel.instructions().get(i);
            if (step.primitive() == Primitive.INPUT) {
                values[i] = arguments[step.a()];
            } else if (step.primitive() == Primitive.CONSTANT) {
                values[i] = terms.constant(step);
            } else {
                long[] a = {values[step.a()]};
                long[] b = {values[Math.max(0, step.b())]};
                long[] c = {values[Math.max(0, step.c())]};
                terms.apply(step.primitive(), step.type(), a, b, c, result, 1);
                values[i] = result[0];
            }
        }
        return values;
    }
}

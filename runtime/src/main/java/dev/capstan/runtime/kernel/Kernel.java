// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.kernel;

import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * An element-wise computation in executable form: instructions in order, each value computed once. Two kernels are equal
 * if they compute the same thing in the same way.
 *
 * @param inputs the element types of the operands
 * @param instructions the steps; an operand index points to an earlier step
 * @param outputs for each result, the index of the step that gives it
 */
public record Kernel(List<DType> inputs, List<Instruction> instructions, List<Integer> outputs) {
    /** Checks that steps refer to earlier steps and inputs only, and that primitives get types they are defined for. */
    public Kernel {
        inputs = List.copyOf(inputs);
        instructions = List.copyOf(instructions);
        outputs = List.copyOf(outputs);
        new Verifier(inputs, instructions).verify();
        for (int output : outputs) {
            if (output < 0 || output >= instructions.size()) {
                throw new IllegalArgumentException("no step " + output);
            }
        }
    }

    /** The kernel that computes expressions over the given inputs; equal sub-expressions are computed once. */
    public static Kernel of(List<DType> inputs, List<Expr> results) {
        Flattening flattening = new Flattening();
        List<Integer> outputs = results.stream().map(flattening::index).toList();
        return new Kernel(inputs, flattening.instructions, outputs);
    }

    /** This kernel's results as expressions of other expressions: how kernels are fused. */
    public List<Expr> substitute(List<Expr> operands) {
        List<Expr> values = new ArrayList<>(instructions.size());
        for (Instruction step : instructions) {
            values.add(
                    switch (step.primitive()) {
                        case INPUT -> operands.get(step.a());
                        case CONSTANT ->
                            step.type().isFloating()
                                    ? Expr.constant(step.type(), step.constant())
                                    : Expr.integer(step.type(), step.bits());
                        case CAST -> values.get(step.a()).cast(step.type());
                        case REINTERPRET -> values.get(step.a()).reinterpret();
                        default ->
                            Expr.apply(
                                    step.primitive(),
                                    java.util.stream.IntStream.of(step.a(), step.b(), step.c())
                                            .limit(step.primitive().arity())
                                            .mapToObj(values::get)
                                            .toArray(Expr[]::new));
                    });
        }
        return outputs.stream().map(values::get).toList();
    }

    /** The type of one result. */
    public DType outputType(int output) {
        return instructions.get(outputs.get(output)).type();
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("kernel").append(inputs).append('\n');
        for (int i = 0; i < instructions.size(); i++) {
            text.append("  %")
                    .append(i)
                    .append(" = ")
                    .append(instructions.get(i))
                    .append('\n');
        }
        return text.append("  -> ").append(outputs).append('\n').toString();
    }

    /** Numbers values so that each distinct one is a single instruction. */
    private static final class Flattening {
        private final List<Instruction> instructions = new ArrayList<>();
        private final Map<Instruction, Integer> known = new HashMap<>();
        private final Map<Expr, Integer> visited = new IdentityHashMap<>();

        int index(Expr expr) {
            Integer index = visited.get(expr);
            if (index == null) {
                index = add(expr);
                visited.put(expr, index);
            }
            return index;
        }

        private int add(Expr expr) {
            int[] operands = {-1, -1, -1};
            for (int i = 0; i < expr.operands().size(); i++) {
                operands[i] = index(expr.operands().get(i));
            }
            if (expr.primitive() == Primitive.INPUT) {
                operands[0] = expr.input();
            }
            Instruction step =
                    new Instruction(expr.primitive(), expr.type(), operands[0], operands[1], operands[2], expr.bits());
            return known.computeIfAbsent(step, added -> {
                instructions.add(added);
                return instructions.size() - 1;
            });
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import dev.capstan.codegen.tree.BlockBuilder;
import dev.capstan.codegen.tree.Expression;
import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.DType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Writes the steps of a kernel as statements. What is the same in all columns is computed once per row, in scalar form. A
 * value that is used once is written where it is used, as long as lines stay readable; loads are always statements of their
 * own, so that they come before the first store.
 */
final class Steps {
    /** How many operations may be nested in one expression. */
    private static final int DEEPEST = 2;

    private static final int UNKNOWN = -1;

    private final List<Instruction> steps;
    private final List<Integer> outputs;
    private final boolean[] uniform;
    private final boolean[] needed;
    private final int[] uses;
    private final int[] uniformDepths;
    private final int[] varyingDepths;

    Steps(LoopPattern pattern) {
        steps = pattern.kernel().instructions();
        outputs = pattern.kernel().outputs();
        uniform = pattern.uniform();
        needed = new boolean[steps.size()];
        uses = new int[steps.size()];
        uniformDepths = new int[steps.size()];
        varyingDepths = new int[steps.size()];
        Arrays.fill(uniformDepths, UNKNOWN);
        Arrays.fill(varyingDepths, UNKNOWN);
        outputs.forEach(this::use);
        for (int i = steps.size() - 1; i >= 0; i--) {
            if (needed[i]) {
                operands(steps.get(i)).forEach(this::use);
            }
        }
    }

    private void use(int step) {
        needed[step] = true;
        uses[step]++;
    }

    /** The steps whose values a step takes. */
    static List<Integer> operands(Instruction instruction) {
        return switch (instruction.primitive().arity()) {
            case 1 -> List.of(instruction.a());
            case 2 -> List.of(instruction.a(), instruction.b());
            case 3 -> List.of(instruction.a(), instruction.b(), instruction.c());
            default -> List.of();
        };
    }

    private boolean isConstant(int step) {
        return steps.get(step).primitive() == Primitive.CONSTANT;
    }

    /** Number of steps that are done for each column, loads among them. */
    static int varyingOperations(LoopPattern pattern) {
        Steps steps = new Steps(pattern);
        int count = 0;
        for (int i = 0; i < steps.needed.length; i++) {
            count += steps.needed[i] && !steps.uniform[i] ? 1 : 0;
        }
        return count;
    }

    /** The steps that are computed for each column. */
    int[] varying() {
        return IntStream.range(0, needed.length)
                .filter(i -> needed[i] && !uniform[i] && steps.get(i).primitive() != Primitive.INPUT)
                .toArray();
    }

    /** The values that are needed in each column, uniform ones among them. */
    private Set<Integer> operandsOfVarying(boolean shiftDistances) {
        Set<Integer> found = new TreeSet<>();
        if (!shiftDistances) {
            found.addAll(outputs);
        }
        for (int i = 0; i < needed.length; i++) {
            if (needed[i] && !uniform[i]) {
                boolean shift = isShift(steps.get(i));
                if (!shift) {
                    found.addAll(shiftDistances ? Set.of() : operands(steps.get(i)));
                } else {
                    found.add(shiftDistances ? steps.get(i).b() : steps.get(i).a());
                }
            }
        }
        return found;
    }

    private static boolean isShift(Instruction step) {
        return step.primitive() == Primitive.SHIFT_LEFT || step.primitive() == Primitive.SHIFT_RIGHT;
    }

    /** Constants of which a vector form needs a vector. */
    List<Integer> broadcastConstants() {
        return operandsOfVarying(false).stream().filter(this::isConstant).toList();
    }

    /** Other uniform values of which a vector form needs a vector. */
    List<Integer> broadcastUniforms() {
        return operandsOfVarying(false).stream()
                .filter(step -> uniform[step] && !isConstant(step))
                .toList();
    }

    /**
     * Declares the uniform values as scalars.
     *
     * @param load gives the value of an input
     * @return by step; constants as literals
     */
    Map<Integer, Expression> uniformValues(BlockBuilder block, IntFunction<Expression> load) {
        Map<Integer, Expression> values = new HashMap<>();
        Set<Integer> visible = operandsOfVarying(false);
        visible.addAll(operandsOfVarying(true));
        ScalarForm form = new ScalarForm();
        for (int i = 0; i < needed.length; i++) {
            if (needed[i] && uniform[i]) {
                if (isConstant(i)) {
                    values.put(i, ScalarForm.constant(steps.get(i)));
                } else {
                    Expression value = value(i, form, values, values, load);
                    boolean nested = uses[i] == 1 && !visible.contains(i) && depth(i, true) < DEEPEST;
                    values.put(i, nested ? value : block.declare("u" + i, value));
                }
            }
        }
        return values;
    }

    /**
     * Writes what is computed for each column.
     *
     * @param suffix what the names of the variables end with
     * @param uniformValues the uniform values in the same form
     * @param uniformScalars the uniform values as numbers: what vectors are shifted by stays one
     * @param load gives the value of an input
     * @param store takes the value of each output, in order
     */
    void varying(
            BlockBuilder block,
            String suffix,
            Form form,
            Map<Integer, Expression> uniformValues,
            Map<Integer, Expression> uniformScalars,
            IntFunction<Expression> load,
            BiConsumer<Integer, Expression> store) {
        Map<Integer, Expression> values = new HashMap<>(uniformValues);
        for (int i = 0; i < needed.length; i++) {
            if (needed[i] && !uniform[i]) {
                Expression value = value(i, form, values, uniformScalars, load);
                boolean isLoad = steps.get(i).primitive() == Primitive.INPUT;
                boolean isResult = outputs.size() > 1 && outputs.contains(i);
                boolean nested = !isLoad && !isResult && uses[i] == 1 && depth(i, false) < DEEPEST;
                String name = (isLoad ? "x" + steps.get(i).a() : "t" + i) + suffix;
                values.put(i, nested ? value : block.declare(name, value));
            }
        }
        for (int output = 0; output < outputs.size(); output++) {
            store.accept(output, values.get(outputs.get(output)));
        }
    }

    private Expression value(
            int index,
            Form form,
            Map<Integer, Expression> values,
            Map<Integer, Expression> scalars,
            IntFunction<Expression> load) {
        Instruction step = steps.get(index);
        if (step.primitive() == Primitive.INPUT) {
            return load.apply(step.a());
        }
        DType operandType = steps.get(step.a()).type();
        Expression b = isShift(step) && uniform[step.b()] ? scalars.get(step.b()) : values.get(step.b());
        return step.primitive().arity() == 2 && isConstant(step.b())
                ? form.applyConstant(step, operandType, values.get(step.a()), b, steps.get(step.b()))
                : form.apply(step, operandType, values.get(step.a()), b, values.get(step.c()));
    }

    /** How many levels of operations the expression of a step has that are not statements of their own. */
    private int depth(int step, boolean ofUniform) {
        int[] known = ofUniform ? uniformDepths : varyingDepths;
        if (known[step] == UNKNOWN) {
            int deepest = 0;
            for (int operand : operands(steps.get(step))) {
                boolean inside = uniform[operand] == ofUniform
                        && !isConstant(operand)
                        && uses[operand] == 1
                        && steps.get(operand).primitive() != Primitive.INPUT;
                int depth = inside ? depth(operand, ofUniform) : DEEPEST;
                deepest = Math.max(deepest, depth < DEEPEST ? 1 + depth : 0);
            }
            known[step] = deepest;
        }
        return known[step];
    }
}

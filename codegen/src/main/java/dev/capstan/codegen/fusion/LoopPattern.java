// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.List;

/**
 * What one generated loop is made for: what it computes, and how its operands move along the columns.
 *
 * @param kernel what is computed; at least one output
 * @param accesses of the inputs, then of the outputs; an output never is {@link Access#ZERO}
 */
public record LoopPattern(Kernel kernel, List<Access> accesses) {
    /** Above this number of steps a loop is no longer compiled well, and is left to the block evaluator. */
    private static final int MOST_STEPS = 600;

    /** Checks that there is an access for each array. */
    public LoopPattern {
        accesses = List.copyOf(accesses);
        int inputs = kernel.inputs().size();
        if (accesses.size() != inputs + kernel.outputs().size()
                || kernel.outputs().isEmpty()) {
            throw new IllegalArgumentException("loop: accesses do not fit the kernel: " + accesses + " for " + kernel);
        }
        if (accesses.subList(inputs, accesses.size()).contains(Access.ZERO)) {
            throw new IllegalArgumentException("loop: an output does not move: " + accesses);
        }
    }

    /** Whether there is a generated form at all. */
    public boolean isSupported() {
        return Frame.isPassable(accesses)
                && kernel.instructions().size() <= MOST_STEPS
                && kernel.instructions().stream().allMatch(this::isSupported);
    }

    /** Arithmetic on bool has no meaning but the block evaluator's, which counts in bytes. */
    private boolean isSupported(Instruction step) {
        return switch (step.primitive()) {
            case ADD, SUB, MUL, NEG -> step.type() != DType.BOOL;
            default -> true;
        };
    }

    /** Number of inputs and outputs. */
    int arrays() {
        return accesses.size();
    }

    /** Number of inputs. */
    int inputs() {
        return kernel.inputs().size();
    }

    /** The element types of all arrays. */
    List<DType> types() {
        List<DType> types = new ArrayList<>(kernel.inputs());
        for (int i = 0; i < kernel.outputs().size(); i++) {
            types.add(kernel.outputType(i));
        }
        return types;
    }

    /** For each step of the kernel, whether its value is the same in all columns of a row. */
    boolean[] uniform() {
        List<Instruction> steps = kernel.instructions();
        boolean[] uniform = new boolean[steps.size()];
        for (int i = 0; i < uniform.length; i++) {
            Instruction step = steps.get(i);
            if (step.primitive() == Primitive.INPUT) {
                uniform[i] = accesses.get(step.a()) == Access.ZERO;
                continue;
            }
            uniform[i] = (step.a() < 0 || uniform[step.a()])
                    && (step.b() < 0 || uniform[step.b()])
                    && (step.c() < 0 || uniform[step.c()]);
        }
        return uniform;
    }
}

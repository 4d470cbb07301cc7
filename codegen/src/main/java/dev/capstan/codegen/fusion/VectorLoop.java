// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.spi.Access;
import dev.capstan.runtime.type.DType;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Which loops have a vector form, and which one. */
final class VectorLoop {
    private static final int LARGE = 24;

    private VectorLoop() {}

    /**
     * Whether all values that differ from column to column are lanes of one width, with bool only between comparison and
     * selection, and all arrays are read and written in order.
     */
    static boolean isSupported(LoopPattern pattern) {
        if (pattern.accesses().contains(Access.STRIDED)) {
            return false;
        }
        List<Instruction> steps = pattern.kernel().instructions();
        boolean[] uniform = pattern.uniform();
        int width = 0;
        for (int output : pattern.kernel().outputs()) {
            int bytes = steps.get(output).type().bytes();
            if (bytes < Integer.BYTES || width != 0 && bytes != width) {
                return false;
            }
            width = bytes;
        }
        for (int i = 0; i < uniform.length; i++) {
            if (!uniform[i] && !isSupported(steps, i, uniform, width)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isSupported(List<Instruction> steps, int index, boolean[] uniform, int width) {
        Instruction step = steps.get(index);
        boolean isInput = step.primitive() == Primitive.INPUT;
        if (step.type() == DType.BOOL ? isInput : step.type().bytes() != width) {
            return false;
        }
        if (isInput) {
            return true;
        }
        boolean isShift = step.primitive() == Primitive.SHIFT_LEFT || step.primitive() == Primitive.SHIFT_RIGHT;
        if (isShift && !uniform[step.b()]) {
            return false;
        }
        for (int operand : new int[] {step.a(), step.b(), step.c()}) {
            if (operand >= 0 && steps.get(operand).type().bytes() != width) {
                if (steps.get(operand).type() != DType.BOOL) {
                    return false;
                }
            }
        }
        return VectorForm.isSupported(step, steps.get(step.a()).type());
    }

    /** All kinds of lanes that the loop needs. */
    static Set<Lanes> lanes(LoopPattern pattern) {
        List<Instruction> steps = pattern.kernel().instructions();
        boolean[] uniform = pattern.uniform();
        Set<Lanes> lanes = EnumSet.noneOf(Lanes.class);
        pattern.kernel()
                .outputs()
                .forEach(output -> lanes.add(Lanes.of(steps.get(output).type())));
        for (int i = 0; i < uniform.length; i++) {
            if (!uniform[i] && steps.get(i).type() != DType.BOOL) {
                lanes.add(Lanes.of(steps.get(i).type()));
            }
        }
        return lanes;
    }

    /** The lanes by which the loop counts: those of the first result. */
    static Lanes mainLanes(LoopPattern pattern) {
        return Lanes.of(pattern.kernel().outputType(0));
    }

    /** Whether the JIT would take so long for the loop that its computation should not be repeated in it. */
    static boolean isLarge(LoopPattern pattern) {
        return Steps.varyingOperations(pattern) > LARGE;
    }

    /** How many vectors one turn of the main loop computes. */
    static int unrolling(LoopPattern pattern) {
        int operations = Steps.varyingOperations(pattern);
        return operations <= 8 ? 4 : operations <= 20 ? 2 : 1;
    }
}

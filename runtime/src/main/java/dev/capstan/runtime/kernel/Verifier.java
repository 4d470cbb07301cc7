// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.kernel;

import dev.capstan.runtime.type.DType;
import java.util.List;

/** The rules for the steps of a {@link Kernel}: operands come earlier, and every primitive gets types it is defined for. */
final class Verifier {
    private final List<DType> inputs;
    private final List<Instruction> instructions;

    Verifier(List<DType> inputs, List<Instruction> instructions) {
        this.inputs = inputs;
        this.instructions = instructions;
    }

    /** Checks all steps. */
    void verify() {
        for (int i = 0; i < instructions.size(); i++) {
            Instruction step = instructions.get(i);
            if (step.primitive() == Primitive.INPUT) {
                require(isIndex(step.a(), inputs.size()) && inputs.get(step.a()) == step.type(), "no such input", i);
            } else {
                requireOperands(step, i);
                require(isWellTyped(step), "the primitive is not defined for these types", i);
            }
        }
    }

    private static boolean isIndex(int index, int size) {
        return index >= 0 && index < size;
    }

    private void require(boolean rule, String broken, int position) {
        if (!rule) {
            throw new IllegalArgumentException(
                    "kernel: " + broken + ": %" + position + " = " + instructions.get(position) + " of "
                            + instructions.get(position).type());
        }
    }

    private void requireOperands(Instruction step, int position) {
        int[] operands = {step.a(), step.b(), step.c()};
        for (int i = 0; i < operands.length; i++) {
            boolean used = i < step.primitive().arity();
            require(
                    used ? isIndex(operands[i], position) : operands[i] == -1,
                    "a step refers to a later one",
                    position);
        }
    }

    private boolean isWellTyped(Instruction step) {
        DType type = step.type();
        Primitive primitive = step.primitive();
        return switch (primitive) {
            case INPUT, CONSTANT, CAST -> true;
            case ADD, SUB, MUL, NEG, ABS -> type != DType.BOOL && operandsAre(step, type);
            case DIV, SQRT, FMA -> type.isFloating() && operandsAre(step, type);
            case MIN, MAX -> operandsAre(step, type);
            case AND, OR, XOR -> !type.isFloating() && operandsAre(step, type);
            case EQ, NE, LT, LE, GT, GE -> type == DType.BOOL && typeOf(step.a()) == typeOf(step.b());
            case SELECT -> typeOf(step.a()) == DType.BOOL && typeOf(step.b()) == type && typeOf(step.c()) == type;
            case SHIFT_LEFT, SHIFT_RIGHT -> operandsAre(step, type) && isShift(type, instructions.get(step.b()));
            case REINTERPRET -> isReinterpretation(typeOf(step.a()), type);
        };
    }

    private DType typeOf(int step) {
        return instructions.get(step).type();
    }

    private boolean operandsAre(Instruction step, DType type) {
        return typeOf(step.a()) == type
                && (step.b() < 0 || typeOf(step.b()) == type)
                && (step.c() < 0 || typeOf(step.c()) == type);
    }

    private static boolean isShift(DType type, Instruction count) {
        return (type == DType.INT32 || type == DType.INT64)
                && count.primitive() == Primitive.CONSTANT
                && count.bits() >= 0
                && count.bits() < 8L * type.bytes();
    }

    private static boolean isReinterpretation(DType from, DType to) {
        return from.bytes() == to.bytes() && from.bytes() >= 4 && from.isFloating() != to.isFloating();
    }
}

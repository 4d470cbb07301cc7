// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.type.DType;

/**
 * The meaning of kernels, one boxed scalar at a time. Float32 is a Float, float64 a Double, int64 a Long, the others
 * are Integers.
 */
final class Scalars {
    private Scalars() {}

    static Number get(NdArray array, int position) {
        Object elements = array.storage().array();
        return switch (array.dtype()) {
            case FLOAT32 -> (Number) ((float[]) elements)[position];
            case FLOAT64 -> (Number) ((double[]) elements)[position];
            case INT64 -> (Number) ((long[]) elements)[position];
            case INT32 -> (Number) ((int[]) elements)[position];
            case UINT8, BOOL -> (Number) (((byte[]) elements)[position] & 0xff);
        };
    }

    static void set(NdArray array, int position, Number value) {
        Object elements = array.storage().array();
        switch (array.dtype()) {
            case FLOAT32 -> ((float[]) elements)[position] = (Float) value;
            case FLOAT64 -> ((double[]) elements)[position] = (Double) value;
            case INT64 -> ((long[]) elements)[position] = (Long) value;
            case INT32 -> ((int[]) elements)[position] = (Integer) value;
            case UINT8, BOOL -> ((byte[]) elements)[position] = value.byteValue();
        }
    }

    static Number cast(Number value, DType target) {
        boolean integral = !(value instanceof Float || value instanceof Double);
        return switch (target) {
            case FLOAT32 -> (Number) (integral ? (float) value.longValue() : (float) value.doubleValue());
            case FLOAT64 -> (Number) (integral ? (double) value.longValue() : value.doubleValue());
            case INT64 -> (Number) (integral ? value.longValue() : (long) value.doubleValue());
            case INT32 -> (Number) (integral ? (int) value.longValue() : (int) value.doubleValue());
            case UINT8 -> (Number) ((integral ? (int) value.longValue() : (int) value.doubleValue()) & 0xff);
            case BOOL -> (Number) (value.doubleValue() != 0 ? 1 : 0);
        };
    }

    /** All results of a kernel for one element. */
    static Number[] run(Kernel kernel, Number[] inputs) {
        Number[] values = new Number[kernel.instructions().size()];
        for (int i = 0; i < values.length; i++) {
            Instruction step = kernel.instructions().get(i);
            values[i] = switch (step.primitive()) {
                case INPUT -> inputs[step.a()];
                case CONSTANT -> constant(step);
                case CAST -> cast(values[step.a()], step.type());
                case REINTERPRET -> reinterpret(values[step.a()]);
                case SELECT -> values[step.a()].intValue() != 0 ? values[step.b()] : values[step.c()];
                default ->
                    apply(
                            step.primitive(),
                            step.primitive().isComparison()
                                    ? kernel.instructions().get(step.a()).type()
                                    : step.type(),
                            values[step.a()],
                            step.b() < 0 ? null : values[step.b()],
                            step.c() < 0 ? null : values[step.c()]);
            };
        }
        return kernel.outputs().stream().map(output -> values[output]).toArray(Number[]::new);
    }

    private static Number constant(Instruction step) {
        return step.type().isFloating() ? cast(step.constant(), step.type()) : cast(step.bits(), step.type());
    }

    private static Number reinterpret(Number value) {
        if (value instanceof Float number) {
            return Float.floatToRawIntBits(number);
        }
        if (value instanceof Double number) {
            return Double.doubleToRawLongBits(number);
        }
        return value instanceof Integer number
                ? (Number) Float.intBitsToFloat(number)
                : (Number) Double.longBitsToDouble((Long) value);
    }

    static Number apply(Primitive primitive, DType type, Number a, Number b, Number c) {
        if (primitive.isComparison()) {
            return compare(primitive, type, a, b) ? 1 : 0;
        }
        return switch (type) {
            case FLOAT32 -> floats(primitive, (Float) a, (Float) b, (Float) c);
            case FLOAT64 -> doubles(primitive, (Double) a, (Double) b, (Double) c);
            default -> cast(integers(primitive, a.longValue(), b == null ? 0 : b.longValue()), type);
        };
    }

    private static boolean compare(Primitive primitive, DType type, Number a, Number b) {
        boolean less = type.isFloating() ? a.doubleValue() < b.doubleValue() : a.longValue() < b.longValue();
        boolean equal = type.isFloating() ? a.doubleValue() == b.doubleValue() : a.longValue() == b.longValue();
        boolean greater = type.isFloating() ? a.doubleValue() > b.doubleValue() : a.longValue() > b.longValue();
        return switch (primitive) {
            case EQ -> equal;
            case NE -> !equal;
            case LT -> less;
            case LE -> less || equal;
            case GT -> greater;
            default -> greater || equal;
        };
    }

    private static Number floats(Primitive primitive, Float a, Float b, Float c) {
        return switch (primitive) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case MIN -> Math.min(a, b);
            case MAX -> Math.max(a, b);
            case NEG -> -a;
            case ABS -> Math.abs(a);
            case SQRT -> (float) Math.sqrt(a);
            case FMA -> Math.fma(a, b, c);
            default -> throw new AssertionError(primitive);
        };
    }

    private static Number doubles(Primitive primitive, Double a, Double b, Double c) {
        return switch (primitive) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case MIN -> Math.min(a, b);
            case MAX -> Math.max(a, b);
            case NEG -> -a;
            case ABS -> Math.abs(a);
            case SQRT -> Math.sqrt(a);
            case FMA -> Math.fma(a, b, c);
            default -> throw new AssertionError(primitive);
        };
    }

    private static Number integers(Primitive primitive, long a, long b) {
        return switch (primitive) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case MIN -> Math.min(a, b);
            case MAX -> Math.max(a, b);
            case NEG -> -a;
            case ABS -> Math.abs(a);
            case AND -> a & b;
            case OR -> a | b;
            case XOR -> a ^ b;
            case SHIFT_LEFT -> a << b;
            case SHIFT_RIGHT -> a >> b;
            default -> throw new AssertionError(primitive);
        };
    }
}

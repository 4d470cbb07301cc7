// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.type.DType;

/**
 * Kernels one element at a time, as literally as possible: what the executors are compared with. A value is a Float,
 * Double, Long, Integer (int32, and uint8 from 0 to 255) or Boolean.
 */
final class ScalarInterpreter {
    private ScalarInterpreter() {}

    /** The results of a kernel for the values of one element. */
    static Object[] run(Kernel kernel, Object[] inputs) {
        Object[] values = new Object[kernel.instructions().size()];
        for (int i = 0; i < values.length; i++) {
            Instruction step = kernel.instructions().get(i);
            values[i] = switch (step.primitive()) {
                case INPUT -> inputs[step.a()];
                case CONSTANT -> constant(step);
                default -> {
                    DType operands = step.primitive() == Primitive.SELECT
                            ? step.type()
                            : kernel.instructions().get(step.a()).type();
                    Object a = values[step.a()];
                    Object b = step.b() < 0 ? null : values[step.b()];
                    Object c = step.c() < 0 ? null : values[step.c()];
                    yield apply(step.primitive(), operands, step.type(), a, b, c);
                }
            };
        }
        return kernel.outputs().stream().map(output -> values[output]).toArray();
    }

    private static Object constant(Instruction step) {
        return switch (step.type()) {
            case FLOAT32 -> (float) step.constant();
            case FLOAT64 -> step.constant();
            case INT64 -> step.bits();
            case INT32 -> (int) step.bits();
            case UINT8 -> (int) step.bits() & 0xff;
            case BOOL -> step.bits() != 0;
        };
    }

    /** One primitive. */
    static Object apply(Primitive primitive, DType operands, DType result, Object a, Object b, Object c) {
        if (primitive == Primitive.SELECT) {
            return (Boolean) a ? b : c;
        }
        if (primitive == Primitive.CAST) {
            return cast(a, result);
        }
        return switch (operands) {
            case FLOAT32 -> onFloats(primitive, (Float) a, (Float) b, (Float) c);
            case FLOAT64 -> onDoubles(primitive, (Double) a, (Double) b, (Double) c);
            case INT64 -> onLongs(primitive, (Long) a, (Long) b);
            case INT32 -> onInts(primitive, (Integer) a, (Integer) b);
            case UINT8 -> onBytes(primitive, (Integer) a, (Integer) b);
            case BOOL -> onBooleans(primitive, (Boolean) a, (Boolean) b);
        };
    }

    private static Object cast(Object a, DType result) {
        if (a instanceof Boolean truth) {
            return cast(truth ? 1 : 0, result);
        }
        Number number = (Number) a;
        return switch (result) {
            case FLOAT32 -> number.floatValue();
            case FLOAT64 -> number.doubleValue();
            case INT64 -> number.longValue();
            case INT32 -> number.intValue();
            case UINT8 -> number.intValue() & 0xff;
            case BOOL -> number instanceof Long ? number.longValue() != 0 : number.doubleValue() != 0;
        };
    }

    private static Object onFloats(Primitive primitive, Float a, Float b, Float c) {
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
            case REINTERPRET -> Float.floatToRawIntBits(a);
            default -> compare(primitive, a.floatValue() == b, a < b, a > b);
        };
    }

    private static Object onDoubles(Primitive primitive, Double a, Double b, Double c) {
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
            case REINTERPRET -> Double.doubleToRawLongBits(a);
            default -> compare(primitive, a.doubleValue() == b, a < b, a > b);
        };
    }

    private static Object onLongs(Primitive primitive, Long a, Long b) {
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
            case REINTERPRET -> Double.longBitsToDouble(a);
            default -> compare(primitive, a.longValue() == b, a < b, a > b);
        };
    }

    private static Object onInts(Primitive primitive, Integer a, Integer b) {
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
            case REINTERPRET -> Float.intBitsToFloat(a);
            default -> compare(primitive, a.intValue() == b, a < b, a > b);
        };
    }

    private static Object onBytes(Primitive primitive, Integer a, Integer b) {
        Object result = onInts(primitive, a, b);
        return result instanceof Integer number ? number & 0xff : result;
    }

    private static Object onBooleans(Primitive primitive, Boolean a, Boolean b) {
        Object result = onInts(primitive, a ? 1 : 0, b ? 1 : 0);
        return result instanceof Integer number ? number != 0 : result;
    }

    private static Boolean compare(Primitive primitive, boolean equal, boolean less, boolean greater) {
        return switch (primitive) {
            case EQ -> equal;
            case NE -> !equal;
            case LT -> less;
            case LE -> less || equal;
            case GT -> greater;
            case GE -> greater || equal;
            default -> throw new IllegalArgumentException(primitive.name());
        };
    }

    /** The element at a position of an array. */
    static Object get(NdArray array, int position) {
        Object elements = array.storage().array();
        return switch (array.dtype()) {
            case FLOAT32 -> ((float[]) elements)[position];
            case FLOAT64 -> ((double[]) elements)[position];
            case INT64 -> ((long[]) elements)[position];
            case INT32 -> ((int[]) elements)[position];
            case UINT8 -> ((byte[]) elements)[position] & 0xff;
            case BOOL -> ((byte[]) elements)[position] != 0;
        };
    }

    /** Whether two values have the same bits, where any NaN is as good as another. */
    static boolean same(Object a, Object b) {
        if (a instanceof Float x && b instanceof Float y) {
            return Float.floatToIntBits(x) == Float.floatToIntBits(y);
        }
        if (a instanceof Double x && b instanceof Double y) {
            return Double.doubleToLongBits(x) == Double.doubleToLongBits(y);
        }
        return a.equals(b);
    }
}

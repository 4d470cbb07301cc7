// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import dev.capstan.codegen.tree.Callee;
import dev.capstan.codegen.tree.Expression;
import dev.capstan.codegen.tree.Primitive;
import dev.capstan.codegen.tree.ReferenceType;
import dev.capstan.codegen.tree.Type;
import dev.capstan.runtime.kernel.Instruction;
import dev.capstan.runtime.type.DType;

/**
 * Steps of a kernel as Java expressions of one element. A uint8 is an int from 0 to 255, a bool is a boolean, the other
 * types are what they are in Java.
 */
final class ScalarForm implements Form {
    private static final ReferenceType MATH = ReferenceType.of("java.lang.Math");
    private static final ReferenceType FLOAT = ReferenceType.of("java.lang.Float");
    private static final ReferenceType DOUBLE = ReferenceType.of("java.lang.Double");
    private static final int BYTE_MASK = 0xff;

    /** The Java type of a value. */
    static Primitive valueType(DType type) {
        return switch (type) {
            case FLOAT32 -> Primitive.FLOAT;
            case FLOAT64 -> Primitive.DOUBLE;
            case INT64 -> Primitive.LONG;
            case INT32, UINT8 -> Primitive.INT;
            case BOOL -> Primitive.BOOLEAN;
        };
    }

    /** The Java type of an array's elements. */
    static Primitive elementType(DType type) {
        return switch (type) {
            case UINT8, BOOL -> Primitive.BYTE;
            default -> valueType(type);
        };
    }

    /** The value of an array's element. */
    static Expression load(DType type, Expression array, Expression index) {
        Expression element = array.at(index);
        return switch (type) {
            case UINT8 -> element.convert(Primitive.INT).and(Expression.constant(BYTE_MASK));
            case BOOL -> element.convert(Primitive.INT).notEqualTo(Expression.constant(0));
            default -> element;
        };
    }

    /** What is stored into an array for a value. */
    static Expression element(DType type, Expression value) {
        return switch (type) {
            case UINT8 -> value.convert(Primitive.BYTE);
            case BOOL -> value.choose(Expression.constant((byte) 1), Expression.constant((byte) 0));
            default -> value;
        };
    }

    /** A constant of the kernel. */
    static Expression constant(Instruction step) {
        return number(step.type(), step.type().isFloating() ? step.constant() : 0, step.bits());
    }

    private static Expression number(DType type, double value, long bits) {
        return switch (type) {
            case FLOAT32 -> Expression.constant((float) value);
            case FLOAT64 -> Expression.constant(value);
            case INT64 -> Expression.constant(bits);
            case INT32 -> Expression.constant((int) bits);
            case UINT8 -> Expression.constant((int) bits & BYTE_MASK);
            case BOOL -> Expression.constant(bits != 0);
        };
    }

    /** The number 0 or 1. */
    static Expression small(DType type, int value) {
        return number(type, value, value);
    }

    @Override
    public Expression apply(Instruction step, DType operandType, Expression a, Expression b, Expression c) {
        return switch (step.primitive()) {
            case INPUT, CONSTANT -> throw new IllegalArgumentException("no computation: " + step);
            case ADD -> wrap(step.type(), a.plus(b));
            case SUB -> wrap(step.type(), a.minus(b));
            case MUL -> wrap(step.type(), a.times(b));
            case NEG -> wrap(step.type(), a.negate());
            case DIV -> a.dividedBy(b);
            case MIN -> a.type() == Primitive.BOOLEAN ? a.and(b) : math("min", a, b);
            case MAX -> a.type() == Primitive.BOOLEAN ? a.or(b) : math("max", a, b);
            case ABS -> step.type() == DType.BOOL || step.type() == DType.UINT8 ? a : math("abs", a);
            case SQRT -> math("sqrt", a.convert(Primitive.DOUBLE)).convert(valueType(step.type()));
            case FMA -> math("fma", a, b, c);
            case EQ -> a.equalTo(b);
            case NE -> a.notEqualTo(b);
            case LT -> ordinal(a).lessThan(ordinal(b));
            case LE -> ordinal(a).atMost(ordinal(b));
            case GT -> ordinal(a).greaterThan(ordinal(b));
            case GE -> ordinal(a).atLeast(ordinal(b));
            case SELECT -> a.choose(b, c);
            case AND -> a.and(b);
            case OR -> a.or(b);
            case XOR -> a.xor(b);
            case SHIFT_LEFT -> a.shiftLeft(b.convert(Primitive.INT));
            case SHIFT_RIGHT -> a.shiftRight(b.convert(Primitive.INT));
            case CAST -> cast(operandType, step.type(), a);
            case REINTERPRET -> reinterpret(operandType, a);
        };
    }

    private static Expression wrap(DType type, Expression value) {
        return type == DType.UINT8 ? value.and(Expression.constant(BYTE_MASK)) : value;
    }

    private static Expression ordinal(Expression value) {
        return value.type() == Primitive.BOOLEAN ? value.choose(Expression.constant(1), Expression.constant(0)) : value;
    }

    private static Expression math(String name, Expression... arguments) {
        Type[] types = new Type[arguments.length];
        java.util.Arrays.fill(types, arguments[0].type());
        return Callee.ofStatic(MATH, name, types[0], types).call(arguments);
    }

    private static Expression cast(DType from, DType to, Expression a) {
        if (from == to) {
            return a;
        }
        if (from == DType.BOOL) {
            return a.choose(small(to, 1), small(to, 0));
        }
        if (to == DType.BOOL) {
            return a.notEqualTo(small(from, 0));
        }
        return wrap(to, a.convert(valueType(to)));
    }

    private static Expression reinterpret(DType from, Expression a) {
        Callee callee = switch (from) {
            case FLOAT32 -> Callee.ofStatic(FLOAT, "floatToRawIntBits", Primitive.INT, Primitive.FLOAT);
            case INT32 -> Callee.ofStatic(FLOAT, "intBitsToFloat", Primitive.FLOAT, Primitive.INT);
            case FLOAT64 -> Callee.ofStatic(DOUBLE, "doubleToRawLongBits", Primitive.LONG, Primitive.DOUBLE);
            case INT64 -> Callee.ofStatic(DOUBLE, "longBitsToDouble", Primitive.DOUBLE, Primitive.LONG);
            default -> throw new IllegalArgumentException("no type of equal width: " + from);
        };
        return callee.call(a);
    }
}

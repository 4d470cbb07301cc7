// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.kernel;

import static java.util.Objects.requireNonNull;

import dev.capstan.runtime.type.DType;
import java.util.List;

/**
 * A scalar expression as data: what an operator computes for one element. Sub-expressions may be shared (the structure is
 * a graph without cycles); {@link Kernel} gives the form that is compared, printed and executed.
 */
public final class Expr {
    private final Primitive primitive;
    private final DType type;
    private final List<Expr> operands;
    private final int input;
    private final long bits;

    private Expr(Primitive primitive, DType type, List<Expr> operands, int input, long bits) {
        this.primitive = primitive;
        this.type = type;
        this.operands = operands;
        this.input = input;
        this.bits = bits;
    }

    /** The operand of the kernel at an index. */
    public static Expr input(int index, DType type) {
        return new Expr(Primitive.INPUT, requireNonNull(type, "type"), List.of(), index, 0);
    }

    /** A number of the given type, rounded to it. */
    public static Expr constant(DType type, double value) {
        long bits = type.isFloating()
                ? Double.doubleToRawLongBits(type == DType.FLOAT32 ? (double) (float) value : value)
                : (long) value;
        return new Expr(Primitive.CONSTANT, type, List.of(), -1, bits);
    }

    /** An integral constant with all its 64 bits. */
    public static Expr integer(DType type, long value) {
        if (type.isFloating()) {
            throw new IllegalArgumentException("integral type expected, not " + type);
        }
        return new Expr(Primitive.CONSTANT, type, List.of(), -1, value);
    }

    /** A primitive applied to operands of one type (the first operand of a select is bool). */
    public static Expr apply(Primitive primitive, Expr... operands) {
        if (primitive.arity() != operands.length || primitive == Primitive.CAST || primitive == Primitive.REINTERPRET) {
            throw new IllegalArgumentException(primitive + " does not apply to " + operands.length + " operands");
        }
        DType type = operands[operands.length - 1].type;
        for (int i = primitive == Primitive.SELECT ? 1 : 0; i < operands.length; i++) {
            if (operands[i].type != type) {
                throw new IllegalArgumentException(primitive + " of " + operands[i].type + " and " + type);
            }
        }
        if (primitive == Primitive.SELECT && operands[0].type != DType.BOOL) {
            throw new IllegalArgumentException("select by " + operands[0].type);
        }
        DType result = primitive.isComparison() ? DType.BOOL : type;
        return new Expr(primitive, result, List.of(operands), -1, 0);
    }

    /** This value converted; itself if it has the type already. */
    public Expr cast(DType target) {
        return target == type ? this : new Expr(Primitive.CAST, target, List.of(this), -1, 0);
    }

    /** The same bits as the floating or integral type of equal width. */
    public Expr reinterpret() {
        DType target = switch (type) {
            case FLOAT32 -> DType.INT32;
            case INT32 -> DType.FLOAT32;
            case FLOAT64 -> DType.INT64;
            case INT64 -> DType.FLOAT64;
            default -> throw new IllegalArgumentException("no type of equal width: " + type);
        };
        return new Expr(Primitive.REINTERPRET, target, List.of(this), -1, 0);
    }

    /** {@code this + other}. */
    public Expr add(Expr other) {
        return apply(Primitive.ADD, this, other);
    }

    /** {@code this - other}. */
    public Expr sub(Expr other) {
        return apply(Primitive.SUB, this, other);
    }

    /** {@code this * other}. */
    public Expr mul(Expr other) {
        return apply(Primitive.MUL, this, other);
    }

    /** {@code this / other}. */
    public Expr div(Expr other) {
        return apply(Primitive.DIV, this, other);
    }

    /** {@code -this}. */
    public Expr neg() {
        return apply(Primitive.NEG, this);
    }

    /** {@code fma(this, factor, summand)}. */
    public Expr fma(Expr factor, Expr summand) {
        return apply(Primitive.FMA, this, factor, summand);
    }

    /** A constant of this expression's type. */
    public Expr like(double value) {
        return constant(type, value);
    }

    /** The operation at the root. */
    public Primitive primitive() {
        return primitive;
    }

    /** The type of the value. */
    public DType type() {
        return type;
    }

    /** The operands of the root. */
    public List<Expr> operands() {
        return operands;
    }

    /** The index of an {@link Primitive#INPUT}. */
    public int input() {
        return input;
    }

    /** The value of a {@link Primitive#CONSTANT}: the raw bits of the double for floating types, else the integer. */
    public long bits() {
        return bits;
    }
}

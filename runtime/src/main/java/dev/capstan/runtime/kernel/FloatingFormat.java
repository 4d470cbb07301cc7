// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.kernel;

import dev.capstan.runtime.type.DType;

/**
 * The bits of an IEEE 754 type, and what expressions do with them.
 *
 * @param type float32 or float64
 * @param integral the integral type of equal width
 * @param fraction number of fraction bits
 * @param bias what is added to an exponent in its field
 */
record FloatingFormat(DType type, DType integral, int fraction, int bias) {
    private static final FloatingFormat SINGLE = new FloatingFormat(DType.FLOAT32, DType.INT32, 23, 127);
    private static final FloatingFormat DOUBLE = new FloatingFormat(DType.FLOAT64, DType.INT64, 52, 1023);

    /** The format of an expression's value. */
    static FloatingFormat of(Expr x) {
        return switch (x.type()) {
            case FLOAT32 -> SINGLE;
            case FLOAT64 -> DOUBLE;
            default -> throw new IllegalArgumentException("floating type expected, not " + x.type());
        };
    }

    boolean isSingle() {
        return this == SINGLE;
    }

    Expr number(double value) {
        return Expr.constant(type, value);
    }

    Expr integer(long value) {
        return Expr.integer(integral, value);
    }

    /** One of two numbers, by type. */
    double either(double single, double other) {
        return isSingle() ? single : other;
    }

    /** One of two lists of numbers, by type. */
    double[] either(double[] single, double[] other) {
        return isSingle() ? single : other;
    }

    /**
     * {@code 1.5 * 2^fraction}: a number of moderate size added to it loses its fraction, and the low bits of the sum are
     * the nearest integer.
     */
    double rounder() {
        return 1.5 * Math.scalb(1.0, fraction);
    }

    /** The bits of {@link #rounder()}. */
    Expr rounderBits() {
        return rounderBits(0);
    }

    /** The bits of the sum of {@link #rounder()} and a whole number of moderate size. */
    Expr rounderBits(int added) {
        double sum = rounder() + added;
        return integer(isSingle() ? Float.floatToRawIntBits((float) sum) : Double.doubleToRawLongBits(sum));
    }

    /** An integer of the integral type, of moderate size, as a floating value. */
    Expr toFloating(Expr integer) {
        return integer.add(rounderBits()).reinterpret().sub(number(rounder()));
    }

    /** {@code 2^n} for an integer n whose power is a normal number. */
    Expr powerOfTwo(Expr n) {
        Expr biased = n.add(integer(bias));
        return Expr.apply(Primitive.SHIFT_LEFT, biased, integer(fraction)).reinterpret();
    }

    private Expr signBit() {
        return integer(isSingle() ? Integer.MIN_VALUE : Long.MIN_VALUE);
    }

    /** A value that is not negative, with another's sign. */
    Expr withSign(Expr size, Expr sign) {
        Expr bit = Expr.apply(Primitive.AND, sign.reinterpret(), signBit());
        return Expr.apply(Primitive.OR, size.reinterpret(), bit).reinterpret();
    }

    /** {@code -|x|}. */
    Expr negative(Expr x) {
        return Expr.apply(Primitive.OR, x.reinterpret(), signBit()).reinterpret();
    }

    /** The smallest normal number. */
    double smallestNormal() {
        return either(Float.MIN_NORMAL, Double.MIN_NORMAL);
    }

    /** A polynomial by Horner's rule with one rounding per term; the constant term comes first. */
    Expr polynomial(Expr x, double... coefficients) {
        Expr sum = number(coefficients[coefficients.length - 1]);
        for (int i = coefficients.length - 2; i >= 0; i--) {
            sum = sum.fma(x, number(coefficients[i]));
        }
        return sum;
    }
}

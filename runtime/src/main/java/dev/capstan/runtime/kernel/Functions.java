// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.kernel;

/**
 * Transcendental functions of float32 and float64 as expressions of {@link Primitive}s, so that they give the same bits in
 * every executor and on every machine. They have no branches: special values are selected, or come out by themselves.
 * Where nothing else is said the result is within 2 units in the last place, NaN gives NaN, and infinities, subnormal
 * numbers and signed zeros are treated as by IEEE 754 and {@code java.lang.Math}.
 *
 * <p>Source of the formulas: the classical argument reductions (W. J. Cody and W. Waite, Software Manual for the Elementary
 * Functions, 1980), done with fused multiply-add. The polynomials are Chebyshev interpolants of the functions named beside
 * them, computed with 60 digits and rounded, where nothing else is said.
 *
 * @throws IllegalArgumentException from every function whose operand is not of a floating type
 */
public final class Functions {
    private Functions() {}

    /** {@code e^x}. */
    public static Expr exp(Expr x) {
        return Exponential.exp(x);
    }

    /** {@code e^x - 1} without cancellation for small x. */
    public static Expr expm1(Expr x) {
        return Exponential.expm1(x);
    }

    /** The hyperbolic tangent. */
    public static Expr tanh(Expr x) {
        return Exponential.tanh(x);
    }

    /** {@code 1 / (1 + e^-x)}, relatively accurate also where it is small. */
    public static Expr sigmoid(Expr x) {
        return Exponential.sigmoid(x);
    }

    /** The natural logarithm: -infinity of 0, NaN of negative numbers. */
    public static Expr log(Expr x) {
        return Logarithm.log(x);
    }

    /** {@code log(1 + x)} without cancellation for small x. */
    public static Expr log1p(Expr x) {
        return Logarithm.log1p(x);
    }

    /**
     * The sine of an angle in radians, within 2.5 units in the last place for |x| up to 1e6 in float32 and 1e13 in float64;
     * beyond, the result is some number from -1 to 1. Infinities give NaN.
     */
    public static Expr sin(Expr x) {
        return Circular.sin(x);
    }

    /** The cosine of an angle in radians, for the same range as {@link #sin}. */
    public static Expr cos(Expr x) {
        return Circular.cos(x);
    }

    /** The error function, {@code 2 / sqrt(pi)} times the integral of {@code e^(-t^2)} from 0 to x. */
    public static Expr erf(Expr x) {
        return ErrorFunction.erf(x);
    }

    /** The nearest whole number, exactly, the even one of two. */
    public static Expr round(Expr x) {
        return Rounding.round(x);
    }

    /** The number without its fraction, exactly. */
    public static Expr trunc(Expr x) {
        return Rounding.trunc(x);
    }

    /** The largest whole number that is not above, exactly. */
    public static Expr floor(Expr x) {
        return Rounding.floor(x);
    }

    /** The smallest whole number that is not below, exactly. */
    public static Expr ceil(Expr x) {
        return Rounding.ceil(x);
    }
}

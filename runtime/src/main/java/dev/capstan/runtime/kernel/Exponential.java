// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.kernel;

import static dev.capstan.runtime.kernel.Primitive.ABS;
import static dev.capstan.runtime.kernel.Primitive.LT;
import static dev.capstan.runtime.kernel.Primitive.MAX;
import static dev.capstan.runtime.kernel.Primitive.MIN;
import static dev.capstan.runtime.kernel.Primitive.SELECT;
import static dev.capstan.runtime.kernel.Primitive.SHIFT_LEFT;
import static dev.capstan.runtime.kernel.Primitive.SHIFT_RIGHT;

/**
 * The exponential and what is made of it. The argument is split as {@code x = n log 2 + r} with an integer n and |r| at
 * most {@code log(2) / 2}; then {@code e^x = 2^n e^r}. The sum of x / log 2 and a large number has n in its low bits, and
 * with a suitable large number also what is added to n for the exponent's field of {@code 2^n}: one shift makes that power.
 */
final class Exponential {
    /** {@code (e^r - 1 - r) / r^2} for |r| <= log(2) / 2; errors 6.7e-8 and 2.6e-18. */
    private static final double[] SINGLE = {
        0.5, 0.16666577756404877, 0.041666556149721146, 0.008363173343241215, 0.0013926175888627768
    };

    private static final double[] DOUBLE = {
        0.5,
        0.1666666666666667,
        0.04166666666666667,
        0.008333333333326084,
        0.0013888888888883711,
        0.0001984126987500228,
        2.480158732567746e-05,
        2.755725517000089e-06,
        2.755727347871858e-07,
        2.5105312729622103e-08,
        2.09147553258932e-09
    };

    /** {@code (tanh(x) / x - 1) / x^2} as a function of x^2, for |x| <= 0.55; errors 2.0e-8 and 4.7e-18. */
    private static final double[] TANH_SINGLE = {
        -0.3333333134651184, 0.13333113491535187, -0.05390942841768265, 0.021309388801455498, -0.00661022774875164
    };

    private static final double[] TANH_DOUBLE = {
        -0.3333333333333333,
        0.13333333333332714,
        -0.053968253967434016,
        0.021869488493666944,
        -0.008863234397814355,
        0.003592110378689024,
        -0.001455661830100716,
        0.0005889360520074057,
        -0.0002346347410887237,
        8.511313685577672e-05,
        -2.060276537636634e-05
    };

    private static final double TANH_SMALL = 0.55;

    /** From this n on {@code 1 - 2 / (2^n + 1)} is 1. */
    private static final int TANH_LARGE = 60;

    private static final double LOG2_HIGH = 0.6931471805599453;

    private final FloatingFormat format;

    /** n and the number that was added to it, as bits. */
    private final Expr sum;

    private final Expr n;

    private Exponential(FloatingFormat format, int added, Expr sum) {
        this.format = format;
        this.sum = sum;
        this.n = sum.reinterpret().sub(format.number(format.rounder() + added));
    }

    /**
     * Splits x.
     *
     * @param scale what x is multiplied by before
     * @param added what is added to n in the low bits of {@link #sum}
     */
    private Exponential(FloatingFormat format, Expr x, double scale, int added) {
        this(format, added, nearest(format, x, scale, added));
    }

    /** The same, where n is at most {@code greatest}, however large x is. */
    private Exponential(FloatingFormat format, Expr x, double scale, int added, int greatest) {
        this(format, added, Expr.apply(MIN, nearest(format, x, scale, added), format.rounderBits(added + greatest)));
    }

    private static Expr nearest(FloatingFormat format, Expr x, double scale, int added) {
        return x.fma(x.like(scale / LOG2_HIGH), x.like(format.rounder() + added))
                .reinterpret();
    }

    /** The number nearest to log 2. */
    static double high(FloatingFormat format) {
        return format.either((float) LOG2_HIGH, LOG2_HIGH);
    }

    /** log 2 without its {@link #high} part. */
    static double low(FloatingFormat format) {
        return format.either(-1.9046542121259336e-09, 2.3190468138462996e-17);
    }

    /** r; where n was limited it is as large as it has to be, and what is made of it is too large or infinite. */
    private Expr rest(Expr x) {
        return n.fma(x.like(-low(format)), n.fma(x.like(-high(format)), x));
    }

    /** {@code 2^(n + added)} in the exponent's field; what does not fit in there falls out. */
    private Expr power(Expr exponent) {
        return Expr.apply(SHIFT_LEFT, exponent, format.integer(format.fraction()))
                .reinterpret();
    }

    /** {@code e^r} by Horner's rule; with a scale of 2 {@code e^2r}. */
    private static Expr series(FloatingFormat format, Expr r, int scale) {
        double[] terms = format.either(SINGLE, DOUBLE);
        double[] coefficients = new double[terms.length + 2];
        coefficients[0] = 1;
        coefficients[1] = scale;
        double power = scale;
        for (int i = 0; i < terms.length; i++) {
            power *= scale;
            coefficients[i + 2] = terms[i] * power;
        }
        return format.polynomial(r, coefficients);
    }

    private static Expr atLeast(Expr x, double least) {
        return Expr.apply(MAX, x, x.like(least));
    }

    /** Below this the exponential is 0. */
    private static double least(FloatingFormat format) {
        return format.either(-104, -746);
    }

    static Expr exp(Expr x) {
        FloatingFormat format = FloatingFormat.of(x);
        Expr limited = atLeast(x, least(format));
        // 2^n itself may be subnormal or too large; with the halves of n only the last product rounds
        int bias = format.bias();
        Exponential e = new Exponential(format, limited, 1, 2 * bias, 2 * bias);
        Expr half = Expr.apply(SHIFT_RIGHT, e.sum, format.integer(1));
        return series(format, e.rest(limited), 1).mul(e.power(half)).mul(e.power(e.sum.sub(half)));
    }

    /** {@code e^x} of an x that is not positive. */
    private static Expr decay(FloatingFormat format, Expr x) {
        Expr limited = atLeast(x, least(format));
        // 2^n may be subnormal; with a larger one only the last product rounds
        int enlarged = format.isSingle() ? 64 : 512;
        Exponential e = new Exponential(format, limited, 1, format.bias() + enlarged);
        Expr large = series(format, e.rest(limited), 1).mul(e.power(e.sum));
        return large.mul(x.like(Math.scalb(1.0, -enlarged)));
    }

    /** {@code 1 - e^x} with an absolute error of a rounding, of an x that is not positive and for which 2^n is normal. */
    static Expr complement(Expr x) {
        FloatingFormat format = FloatingFormat.of(x);
        Exponential e = new Exponential(format, x, 1, format.bias());
        // what log 2 is more than its high part does not show beside 1
        Expr r = e.n.fma(x.like(-high(format)), x);
        return x.like(1).sub(series(format, r, 1).mul(e.power(e.sum)));
    }

    static Expr expm1(Expr x) {
        FloatingFormat format = FloatingFormat.of(x);
        Expr limited = atLeast(x, format.either(-30, -60));
        // half of the result, because 2^n may be too large where 2^n e^r - 1 is not
        Exponential e = new Exponential(format, limited, 1, format.bias() - 1, format.bias() + 1);
        Expr r = e.rest(limited);
        Expr excess = r.mul(r).fma(format.polynomial(r, format.either(SINGLE, DOUBLE)), r);
        Expr power = e.power(e.sum);
        Expr half = power.fma(excess, power.sub(x.like(0.5)));
        Expr small = Expr.apply(LT, Expr.apply(ABS, x), x.like(format.either(0x1p-25, 0x1p-54)));
        return Expr.apply(SELECT, small, x, half.add(half));
    }

    /** {@code tanh |x| = 1 - 2 / (e^(2 |x|) + 1)} with the sign of x; a polynomial where that would cancel. */
    static Expr tanh(Expr x) {
        FloatingFormat format = FloatingFormat.of(x);
        Expr size = Expr.apply(ABS, x);
        Exponential e = new Exponential(format, size, 2, format.bias(), TANH_LARGE);
        // r / 2; what log 2 is more than its high part does not show in the quotient
        Expr r = e.n.fma(x.like(-high(format) / 2), size);
        Expr divisor = series(format, r, 2).fma(e.power(e.sum), x.like(1));
        Expr large = format.withSign(x.like(1).sub(x.like(2).div(divisor)), x);
        Expr square = x.mul(x);
        Expr series = format.polynomial(square, format.either(TANH_SINGLE, TANH_DOUBLE));
        Expr small = x.mul(square.fma(series, x.like(1)));
        return Expr.apply(SELECT, Expr.apply(LT, size, x.like(TANH_SMALL)), small, large);
    }

    /**
     * {@code y = z / (1 + z)} or {@code 1 / (1 + z)} with {@code z = e^-|x|}, which does not overflow; improved by {@code y
     * = z - z y} or {@code 1 - z y}, which does not suffer from the rounding of the divisor.
     */
    static Expr sigmoid(Expr x) {
        FloatingFormat format = FloatingFormat.of(x);
        Expr z = decay(format, format.negative(x));
        Expr dividend = Expr.apply(SELECT, Expr.apply(LT, x, x.like(0)), z, x.like(1));
        Expr negated = dividend.div(x.like(-1).sub(z));
        return z.fma(negated, dividend);
    }
}

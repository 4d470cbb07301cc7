// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.kernel;

import static dev.capstan.runtime.kernel.Primitive.ABS;
import static dev.capstan.runtime.kernel.Primitive.LT;
import static dev.capstan.runtime.kernel.Primitive.MAX;
import static dev.capstan.runtime.kernel.Primitive.MIN;
import static dev.capstan.runtime.kernel.Primitive.SELECT;
import static dev.capstan.runtime.kernel.Primitive.SHIFT_RIGHT;

/**
 * The exponential and what is made of it. The argument is split as {@code x = n log 2 + r} with an integer n and |r| at
 * most {@code log(2) / 2}; then {@code e^x = 2^n (1 + q)} with {@code q = e^r - 1}.
 */
final class Exponential {
    /** {@code (e^r - 1 - r) / r^2} for |r| <= log(2) / 2; errors 7.6e-10 and 3.3e-19. */
    private static final double[] SINGLE = {
        0.5, 0.1666666716337204, 0.041666463017463684, 0.00833331048488617, 0.0013933731243014336, 0.000198910798644647
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

    /** {@code (tanh(x) / x - 1) / x^2} as a function of x^2, for |x| <= 0.55; errors 5.0e-9 and 4.7e-18. */
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

    /** n as an integer. */
    private final Expr exponent;

    /** {@code e^r - 1}. */
    private final Expr excess;

    /** Of a number that is neither so small nor so large that n leaves its range. */
    private Exponential(FloatingFormat format, Expr x) {
        Expr shifted = x.fma(x.like(1 / LOG2_HIGH), x.like(format.rounder()));
        Expr n = shifted.sub(x.like(format.rounder()));
        this.exponent = shifted.reinterpret().sub(format.rounderBits());
        Expr high = n.fma(x.like(-high(format)), x);
        Expr r = n.fma(x.like(-low(format)), high);
        // what the rounding of r lost; without it the result is off by a quarter of a unit more
        Expr rest = n.fma(x.like(-low(format)), high.sub(r));
        this.excess = r.mul(r)
                .fma(format.polynomial(r, format.either(SINGLE, DOUBLE)), rest)
                .add(r);
    }

    private static final double LOG2_HIGH = 0.6931471805599453;

    /** The number nearest to log 2. */
    static double high(FloatingFormat format) {
        return format.either((float) LOG2_HIGH, LOG2_HIGH);
    }

    /** log 2 without its {@link #high} part. */
    static double low(FloatingFormat format) {
        return format.either(-1.9046542121259336e-09, 2.3190468138462996e-17);
    }

    private static Expr atLeast(Expr x, double least) {
        return Expr.apply(MAX, x, x.like(least));
    }

    private static Expr atMost(Expr x, double greatest) {
        return Expr.apply(MIN, x, x.like(greatest));
    }

    static Expr exp(Expr x) {
        FloatingFormat format = FloatingFormat.of(x);
        // beyond these limits the result is 0 or infinity, which the scaling gives
        return scaled(format, atMost(atLeast(x, format.either(-104, -746)), format.either(89, 710)));
    }

    private static Expr scaled(FloatingFormat format, Expr x) {
        Exponential e = new Exponential(format, x);
        // 2^n itself may be subnormal or too large; with the halves of n only the last product rounds
        Expr half = Expr.apply(SHIFT_RIGHT, e.exponent, format.integer(1));
        return e.excess.add(x.like(1)).mul(format.powerOfTwo(half)).mul(format.powerOfTwo(e.exponent.sub(half)));
    }

    static Expr expm1(Expr x) {
        FloatingFormat format = FloatingFormat.of(x);
        Exponential e = new Exponential(format, atMost(atLeast(x, format.either(-30, -60)), format.either(89, 710)));
        // half of the result, because 2^n may be too large where 2^n (1 + q) - 1 is not
        Expr power = format.powerOfTwo(e.exponent.sub(format.integer(1)));
        Expr half = power.fma(e.excess, power.sub(x.like(0.5)));
        Expr small = Expr.apply(LT, Expr.apply(ABS, x), x.like(format.either(0x1p-25, 0x1p-54)));
        return Expr.apply(SELECT, small, x, half.add(half));
    }

    /** {@code tanh |x| = 1 - 2 / (e^(2 |x|) + 1)} with the sign of x; a polynomial where that would cancel. */
    static Expr tanh(Expr x) {
        FloatingFormat format = FloatingFormat.of(x);
        Expr size = Expr.apply(ABS, x);
        Exponential e = new Exponential(format, atMost(size.add(size), format.either(20, 40)));
        Expr power = format.powerOfTwo(e.exponent);
        Expr divisor = power.fma(e.excess, power.add(x.like(1)));
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
        Expr z = scaled(format, atLeast(Expr.apply(ABS, x).neg(), format.either(-104, -746)));
        Expr dividend = Expr.apply(SELECT, Expr.apply(LT, x, x.like(0)), z, x.like(1));
        Expr quotient = dividend.div(z.add(x.like(1)));
        return z.neg().fma(quotient, dividend);
    }
}

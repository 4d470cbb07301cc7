// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.kernel;

import static dev.capstan.runtime.kernel.Primitive.ABS;
import static dev.capstan.runtime.kernel.Primitive.AND;
import static dev.capstan.runtime.kernel.Primitive.EQ;
import static dev.capstan.runtime.kernel.Primitive.GT;
import static dev.capstan.runtime.kernel.Primitive.LT;
import static dev.capstan.runtime.kernel.Primitive.MAX;
import static dev.capstan.runtime.kernel.Primitive.SELECT;
import static dev.capstan.runtime.kernel.Primitive.SHIFT_RIGHT;

/**
 * The logarithm. The argument is split as {@code x = 2^e (1 + f)} with {@code 1 + f} between the square roots of 1/2 and 2;
 * then {@code log x = e log 2 + log(1 + f)}, where the second term vanishes only together with f, and exactly.
 */
final class Logarithm {
    /** {@code (log(1 + f) - f) / f^2}; error 2.9e-9 of the logarithm. */
    private static final double[] SINGLE = {
        -0.5,
        0.33333322405815125,
        -0.25000011920928955,
        0.20001447200775146,
        -0.1666753739118576,
        0.14232318103313446,
        -0.12420814484357834,
        0.11812136322259903,
        -0.11557287722826004,
        0.06769023835659027
    };

    /** {@code (2 artanh(s) - 2 s) / s^3} as a function of s^2, where {@code s = f / (2 + f)}; error 4.8e-18. */
    private static final double[] DOUBLE = {
        0.666666666666667,
        0.3999999999989889,
        0.28571428626253836,
        0.22222211089379496,
        0.1818289243253687,
        0.15331611722055008,
        0.14617807153417325
    };

    private Logarithm() {}

    static Expr log(Expr x) {
        FloatingFormat format = FloatingFormat.of(x);
        Expr infinity = x.like(Double.POSITIVE_INFINITY);
        Expr normalOrAbove = Expr.apply(SELECT, Expr.apply(LT, x, infinity), ofPositive(x, format), x);
        Expr zero = Expr.apply(EQ, x, x.like(0));
        Expr otherwise = Expr.apply(SELECT, zero, infinity.neg(), x.like(Double.NaN));
        return Expr.apply(SELECT, Expr.apply(GT, x, x.like(0)), normalOrAbove, otherwise);
    }

    private static Expr ofPositive(Expr x, FloatingFormat format) {
        Expr subnormal = Expr.apply(LT, x, x.like(format.smallestNormal()));
        Expr scaled = x.mul(x.like(Math.scalb(1.0, format.fraction())));
        Expr bits = Expr.apply(SELECT, subnormal, scaled, x).reinterpret();
        Expr missing = Expr.apply(SELECT, subnormal, format.integer(-format.fraction()), format.integer(0));

        Expr rootOfHalf = format.integer(format.isSingle() ? 0x3f3504f3L : 0x3fe6a09e667f3bcdL);
        Expr distance = bits.sub(rootOfHalf);
        Expr exponent = Expr.apply(SHIFT_RIGHT, distance, format.integer(format.fraction()));
        Expr fraction = Expr.apply(AND, distance, format.integer((1L << format.fraction()) - 1));
        Expr f = fraction.add(rootOfHalf).reinterpret().sub(x.like(1));
        Expr e = format.toFloating(exponent.add(missing));

        Expr high = x.like(Exponential.high(format));
        Expr low = x.like(Exponential.low(format));
        if (format.isSingle()) {
            Expr ofFraction = f.mul(f).fma(format.polynomial(f, SINGLE), f);
            return e.fma(high, e.fma(low, ofFraction));
        }
        // 2 s = f - s f and s f = f^2/2 - s f^2/2: so only small terms are rounded before f enters
        Expr s = f.div(f.add(x.like(2)));
        Expr z = s.mul(s);
        Expr halfSquare = f.mul(f).mul(x.like(0.5));
        Expr series = z.fma(format.polynomial(z, DOUBLE), halfSquare);
        Expr small = s.fma(series, e.mul(low));
        return e.fma(high, f.sub(halfSquare.sub(small)));
    }

    /** {@code log(u) + c / u} with u = 1 + x rounded and c what the rounding lost. */
    static Expr log1p(Expr x) {
        FloatingFormat format = FloatingFormat.of(x);
        Expr u = x.add(x.like(1));
        Expr lost = x.sub(u.sub(x.like(1)));
        // at -1, u and c are 0; at infinity c is NaN, which compares false
        Expr correction = lost.div(Expr.apply(MAX, u, x.like(format.smallestNormal())));
        Expr finite = Expr.apply(LT, Expr.apply(ABS, lost), x.like(2));
        Expr sum = log(u).add(Expr.apply(SELECT, finite, correction, x.like(0)));
        Expr small = Expr.apply(LT, Expr.apply(ABS, x), x.like(format.either(0x1p-25, 0x1p-54)));
        return Expr.apply(SELECT, small, x, sum);
    }
}

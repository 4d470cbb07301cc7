// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.kernel;

import static dev.capstan.runtime.kernel.Primitive.AND;
import static dev.capstan.runtime.kernel.Primitive.EQ;
import static dev.capstan.runtime.kernel.Primitive.MAX;
import static dev.capstan.runtime.kernel.Primitive.MIN;
import static dev.capstan.runtime.kernel.Primitive.SELECT;
import static dev.capstan.runtime.kernel.Primitive.SHIFT_LEFT;
import static dev.capstan.runtime.kernel.Primitive.XOR;

/**
 * Sine and cosine. The angle is split as {@code x = n pi/2 + r} with |r| at most pi/4, where pi/2 is the sum of three
 * numbers; the first fused multiply-add is exact, so that r keeps its relative accuracy near the zeros.
 */
final class Circular {
    /** {@code (sin(r) - r) / r^3} as a function of r^2; errors 3.1e-9 and 5.9e-18. */
    private static final double[] SINE_SINGLE = {
        -0.1666666716337204, 0.008333331905305386, -0.00019840039021801203, 2.724378191487631e-06
    };

    private static final double[] SINE_DOUBLE = {
        -0.16666666666666666,
        0.008333333333333331,
        -0.00019841269841264567,
        2.7557319218954762e-06,
        -2.505210610025599e-08,
        1.6058510875319195e-10,
        -7.585486485235938e-13
    };

    /** {@code (cos(r) - 1 + r^2 / 2) / r^4} as a function of r^2; errors 4.9e-10 and 9.1e-19. */
    private static final double[] COSINE_SINGLE = {
        0.0416666679084301, -0.00138888880610466, 2.48005599132739e-05, -2.7295831728224584e-07
    };

    private static final double[] COSINE_DOUBLE = {
        0.041666666666666664,
        -0.0013888888888888887,
        2.4801587301584367e-05,
        -2.75573192211891e-07,
        2.0876755717584403e-09,
        -1.1470449354466773e-11,
        4.745198807202876e-14
    };

    private static final double[] HALF_PI_SINGLE = {1.5707963705062866, -4.371138828673793e-08, -1.7151245100058819e-15};
    private static final double[] HALF_PI_DOUBLE = {
        1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33
    };

    private Circular() {}

    static Expr sin(Expr x) {
        return rotated(x, 0);
    }

    static Expr cos(Expr x) {
        return rotated(x, 1);
    }

    /** The sine of x plus some quarters of a turn. */
    private static Expr rotated(Expr x, int quarters) {
        FloatingFormat format = FloatingFormat.of(x);
        Expr shifted = x.fma(x.like(2 / Math.PI), x.like(format.rounder()));
        Expr n = shifted.sub(x.like(format.rounder()));
        Expr r = x;
        for (double part : format.either(HALF_PI_SINGLE, HALF_PI_DOUBLE)) {
            r = n.fma(x.like(-part), r);
        }
        // r exceeds 1 only where x is too large for the reduction
        r = Expr.apply(MIN, Expr.apply(MAX, r, x.like(-1)), x.like(1));

        Expr square = r.mul(r);
        Expr sineSeries = format.polynomial(square, format.either(SINE_SINGLE, SINE_DOUBLE));
        Expr sine = r.mul(square.fma(sineSeries, x.like(1)));
        Expr cosineSeries = format.polynomial(square, format.either(COSINE_SINGLE, COSINE_DOUBLE));
        Expr cosine = square.fma(square.fma(cosineSeries, x.like(-0.5)), x.like(1));

        // the rounder's low bits are 0: those of the sum count the quarters
        Expr quarter = shifted.reinterpret().add(format.integer(quarters));
        Expr even = Expr.apply(EQ, Expr.apply(AND, quarter, format.integer(1)), format.integer(0));
        Expr sign = Expr.apply(
                SHIFT_LEFT,
                Expr.apply(AND, quarter, format.integer(2)),
                format.integer(format.integral().bytes() * 8L - 2));
        Expr value = Expr.apply(SELECT, even, sine, cosine);
        return Expr.apply(XOR, value.reinterpret(), sign).reinterpret();
    }
}

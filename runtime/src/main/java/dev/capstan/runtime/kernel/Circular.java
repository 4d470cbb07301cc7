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
    /** {@code (sin(r) - r) / r^3} as a function of r^2; errors 3.6e-9 and 6.5e-18. */
    private static final double[] SINE_SINGLE = {
        -0.1666666716337204, 0.008333330973982811, -0.00019839777087327093, 2.7212163331569172e-06
    };

    private static final double[] SINE_DOUBLE = {
        -0.16666666666666666,
        0.00833333333333333,
        -0.00019841269841261295,
        2.755731921658522e-06,
        -2.505210533352192e-08,
        1.605839757956663e-10,
        -7.579255584638371e-13
    };

    /** {@code (cos(r) - 1 + r^2 / 2) / r^4} as a function of r^2; errors 6.1e-10 and 1.2e-18. */
    private static final double[] COSINE_SINGLE = {
        0.0416666679084301, -0.0013888886896893382, 2.4800341634545475e-05, -2.726943932884751e-07
    };

    private static final double[] COSINE_DOUBLE = {
        0.041666666666666664,
        -0.0013888888888888887,
        2.480158730158255e-05,
        -2.7557319219871627e-07,
        2.0876755291274284e-09,
        -1.1470386360851702e-11,
        4.7417343487097565e-14
    };

    /** pi/2 as a sum of positive numbers: with negative ones the reduction of -0.0 would give +0.0. */
    private static final double[] HALF_PI_SINGLE = {1.570796251296997, 7.549789415861596e-08, 5.390302529957765e-15};

    private static final double[] HALF_PI_DOUBLE = {1.5707963267948966, 6.123233995736765e-17, 1.0828566739219139e-32};

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

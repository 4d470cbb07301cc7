// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.kernel;

import static dev.capstan.runtime.kernel.Primitive.ABS;
import static dev.capstan.runtime.kernel.Primitive.LT;
import static dev.capstan.runtime.kernel.Primitive.MIN;
import static dev.capstan.runtime.kernel.Primitive.SELECT;

/**
 * The error function: an odd polynomial for small arguments; for others in float32 {@code 1 - e^p(x)} with a polynomial p, in
 * float64, where that would take too long a one, {@code 1 - e^(-x^2) g(x)}, where {@code g(x) = e^(x^2) (1 - erf(x))} varies
 * slowly and is a polynomial in {@code t = (x - 3) / (x + 3)}. The polynomials for float32 are those with the smallest greatest
 * error relative to erf, found by reweighted least squares (C. L. Lawson, 1961).
 */
final class ErrorFunction {
    private static final double SMALL = 0.84;

    /** {@code erf(x) / x - 1} as a function of x^2, for |x| <= 0.84; errors 5.3e-9 and 1.2e-17 of erf. */
    private static final double[] SMALL_SINGLE = {
        0.12837916, -0.37612579, 0.11282809, -0.0268066, 0.0050583, -0.00063596
    };

    private static final double[] SMALL_DOUBLE = {
        0.1283791670955126,
        -0.3761263890318375,
        0.11283791670954775,
        -0.02686617064503848,
        0.005223977624171083,
        -0.0008548326920588401,
        0.00012055327697362146,
        -1.4925471268019038e-05,
        1.6458051806890862e-06,
        -1.63046150641907e-07,
        1.4215069808219508e-08,
        -8.905151131672966e-10
    };

    /** {@code log(1 - erf(x))} for x from 0.84 to 4; error 2.2e-9 of erf. */
    private static final double[] LARGE_SINGLE = {
        -9.39244935e-05, -1.12810714, -0.636437334, -0.104600921, 0.0225567884, -0.0031277051, 0.000204718687
    };

    /** g as a function of t, for x up to 6; error 1e-18 of erf. */
    private static final double[] LARGE_DOUBLE = {
        0.17900115118138996,
        -0.3262335600430372,
        0.24560380171233087,
        -0.1501159365007785,
        0.07166583719797671,
        -0.024392499318564832,
        0.004269136333035981,
        0.0007077464351006227,
        -0.0005970619583020973,
        4.5255364967963796e-05,
        6.405678506016215e-05,
        -1.28610147992273e-05,
        -7.980863479845676e-06,
        2.1204058863936e-06,
        1.2678971432672496e-06,
        -2.769022362849082e-07,
        -2.6104212768234565e-07,
        -4.0781044331457155e-08
    };

    private ErrorFunction() {}

    static Expr erf(Expr x) {
        FloatingFormat format = FloatingFormat.of(x);
        Expr square = x.mul(x);
        Expr small = x.fma(format.polynomial(square, format.either(SMALL_SINGLE, SMALL_DOUBLE)), x);

        // from the limit on the result is 1
        Expr size = Expr.apply(MIN, Expr.apply(ABS, x), x.like(format.either(4, 6)));
        Expr large = format.isSingle()
                ? Exponential.complement(format.polynomial(size, LARGE_SINGLE))
                : x.like(1).sub(largeDouble(format, size));
        large = format.withSign(large, x);
        return Expr.apply(SELECT, Expr.apply(LT, Expr.apply(ABS, x), x.like(SMALL)), small, large);
    }

    /** {@code 1 - erf(size)}. */
    private static Expr largeDouble(FloatingFormat format, Expr size) {
        Expr center = size.like(3);
        Expr t = size.sub(center).div(size.add(center));
        Expr g = format.polynomial(t, LARGE_DOUBLE);
        return Exponential.exp(size.mul(size).neg()).mul(g);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.kernel;

import static dev.capstan.runtime.kernel.Primitive.ABS;
import static dev.capstan.runtime.kernel.Primitive.LT;
import static dev.capstan.runtime.kernel.Primitive.MIN;
import static dev.capstan.runtime.kernel.Primitive.SELECT;

/**
 * The error function: an odd polynomial for small arguments; for others {@code 1 - e^(-x^2) g(x)}, where {@code g(x) =
 * e^(x^2) (1 - erf(x))} varies slowly and is a polynomial in {@code t = (x - k) / (x + k)}.
 */
final class ErrorFunction {
    private static final double SMALL = 0.84;

    /** {@code erf(x) / x - 1} as a function of x^2, for |x| <= 0.84; errors 7.2e-9 and 1.2e-17. */
    private static final double[] SMALL_SINGLE = {
        0.12837916612625122,
        -0.37612637877464294,
        0.1128375306725502,
        -0.02686288021504879,
        0.005210457369685173,
        -0.000825975788757205,
        8.913373312680051e-05
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

    /** g as a function of t with k = 2, for x up to 4; error 1.5e-9 of erf. */
    private static final double[] LARGE_SINGLE = {
        0.25539568066596985,
        -0.4271858334541321,
        0.24165819585323334,
        -0.0789785087108612,
        0.0037323597352951765,
        0.0069945030845701694,
        -0.0008378083002753556,
        -0.000942397746257484
    };

    /** g as a function of t with k = 3, for x up to 6; error 1e-18 of erf. */
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

        // from here on the result is 1
        Expr size = Expr.apply(MIN, Expr.apply(ABS, x), x.like(format.either(4, 6)));
        Expr center = x.like(format.either(2, 3));
        Expr t = size.sub(center).div(size.add(center));
        Expr g = format.polynomial(t, format.either(LARGE_SINGLE, LARGE_DOUBLE));
        Expr rest = Exponential.exp(size.mul(size).neg()).mul(g);
        Expr large = format.withSign(x.like(1).sub(rest), x);
        return Expr.apply(SELECT, Expr.apply(LT, Expr.apply(ABS, x), x.like(SMALL)), small, large);
    }
}

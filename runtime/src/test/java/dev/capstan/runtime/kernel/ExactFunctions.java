// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.kernel;

import java.math.BigDecimal;
import java.math.MathContext;

/** Transcendental functions to 60 digits, by power series: what float64 results are measured against. */
final class ExactFunctions {
    private static final MathContext DIGITS = new MathContext(60);
    private static final BigDecimal ONE = BigDecimal.ONE;
    private static final BigDecimal TWO = BigDecimal.valueOf(2);

    /** Pi, to more digits than any angle of the tests needs. */
    private static final BigDecimal PI = new BigDecimal("3.14159265358979323846264338327950288419716939937510"
            + "58209749445923078164062862089986280348253421170679");

    private ExactFunctions() {}

    static BigDecimal exp(BigDecimal x) {
        int halvings = Math.max(0, x.precision() - x.scale()) * 4 + 8;
        BigDecimal small = x.divide(TWO.pow(halvings), DIGITS);
        BigDecimal result = ONE.add(series(small));
        for (int i = 0; i < halvings; i++) {
            result = result.multiply(result, DIGITS);
        }
        return result;
    }

    /** {@code x + x^2/2! + x^3/3! + ...} for small x. */
    private static BigDecimal series(BigDecimal x) {
        BigDecimal term = x;
        BigDecimal sum = x;
        for (int n = 2; n < 60; n++) {
            term = term.multiply(x, DIGITS).divide(BigDecimal.valueOf(n), DIGITS);
            sum = sum.add(term, DIGITS);
        }
        return sum;
    }

    static BigDecimal expm1(BigDecimal x) {
        return x.abs().compareTo(new BigDecimal("0.1")) < 0 ? series(x) : exp(x).subtract(ONE);
    }

    static BigDecimal tanh(BigDecimal x) {
        BigDecimal d = expm1(x.multiply(TWO));
        return d.divide(d.add(TWO), DIGITS);
    }

    static BigDecimal sigmoid(BigDecimal x) {
        return ONE.divide(ONE.add(exp(x.negate())), DIGITS);
    }

    /** By Newton's method for {@code e^y = x}, three times from 16 digits. */
    static BigDecimal log(BigDecimal x) {
        BigDecimal y = BigDecimal.valueOf(StrictMath.log(x.doubleValue()));
        for (int i = 0; i < 3; i++) {
            BigDecimal e = exp(y);
            y = y.add(TWO.multiply(x.subtract(e)).divide(x.add(e), DIGITS), DIGITS);
        }
        return y;
    }

    static BigDecimal log1p(BigDecimal x) {
        if (x.abs().compareTo(new BigDecimal("1e-5")) > 0) {
            return log(ONE.add(x));
        }
        BigDecimal term = x;
        BigDecimal sum = x;
        for (int n = 2; n < 14; n++) {
            term = term.multiply(x.negate(), DIGITS);
            sum = sum.add(term.divide(BigDecimal.valueOf(n), DIGITS), DIGITS);
        }
        return sum;
    }

    static BigDecimal sin(BigDecimal x) {
        BigDecimal turn = PI.multiply(TWO);
        BigDecimal angle = x.remainder(turn);
        BigDecimal square = angle.multiply(angle, DIGITS).negate();
        BigDecimal term = angle;
        BigDecimal sum = angle;
        for (int n = 3; n < 100; n += 2) {
            term = term.multiply(square, DIGITS).divide(BigDecimal.valueOf((long) n * (n - 1)), DIGITS);
            sum = sum.add(term);
        }
        return sum.round(DIGITS);
    }

    static BigDecimal cos(BigDecimal x) {
        return sin(x.add(PI.divide(TWO)));
    }

    /** {@code 2 / sqrt(pi) e^(-x^2) (x + 2 x^3 / 3 + 4 x^5 / 15 + ...)}, a series without cancellation. */
    static BigDecimal erf(BigDecimal x) {
        BigDecimal square = x.multiply(x, DIGITS);
        BigDecimal term = x;
        BigDecimal sum = x;
        for (int n = 3; term.abs().compareTo(x.abs().scaleByPowerOfTen(-40)) > 0; n += 2) {
            term = term.multiply(square, DIGITS).multiply(TWO).divide(BigDecimal.valueOf(n), DIGITS);
            sum = sum.add(term, DIGITS);
        }
        return sum.multiply(TWO).multiply(exp(square.negate())).divide(PI.sqrt(DIGITS), DIGITS);
    }
}

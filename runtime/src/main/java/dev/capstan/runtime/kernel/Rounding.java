// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.kernel;

import static dev.capstan.runtime.kernel.Primitive.ABS;
import static dev.capstan.runtime.kernel.Primitive.GT;
import static dev.capstan.runtime.kernel.Primitive.LT;
import static dev.capstan.runtime.kernel.Primitive.SELECT;

/** Whole numbers near others: a number to which {@code 2^fraction} is added loses its fraction, to the nearest even. */
final class Rounding {
    private Rounding() {}

    /** What is at least this large is whole already. */
    private static Expr whole(Expr x) {
        return x.like(Math.scalb(1.0, FloatingFormat.of(x).fraction()));
    }

    private static Expr nearest(Expr size) {
        return size.add(whole(size)).sub(whole(size));
    }

    private static Expr ofSize(Expr x, Expr size, Expr rounded) {
        return Expr.apply(
                SELECT, Expr.apply(LT, size, whole(x)), FloatingFormat.of(x).withSign(rounded, x), x);
    }

    static Expr round(Expr x) {
        Expr size = Expr.apply(ABS, x);
        return ofSize(x, size, nearest(size));
    }

    static Expr trunc(Expr x) {
        Expr size = Expr.apply(ABS, x);
        return ofSize(x, size, lower(nearest(size), size));
    }

    static Expr floor(Expr x) {
        return lower(round(x), x);
    }

    static Expr ceil(Expr x) {
        return floor(x.neg()).neg();
    }

    private static Expr lower(Expr rounded, Expr x) {
        return Expr.apply(SELECT, Expr.apply(GT, rounded, x), rounded.sub(x.like(1)), rounded);
    }
}

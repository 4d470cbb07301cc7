// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import java.util.List;

/** Where there is a number that is not infinite. */
public record Isfinite() implements Predicate {
    private static final Isfinite INSTANCE = new Isfinite();

    /** Where there is a number that is not infinite. */
    public static <T> T isfinite(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return x.type().isFloating()
                ? Expr.apply(Primitive.LT, Expr.apply(Primitive.ABS, x), x.like(Double.POSITIVE_INFINITY))
                : Expr.apply(Primitive.EQ, x, x);
    }
}

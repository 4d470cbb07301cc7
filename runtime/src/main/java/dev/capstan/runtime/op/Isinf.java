// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import java.util.List;

/** Where there is an infinity. */
public record Isinf() implements Predicate {
    private static final Isinf INSTANCE = new Isinf();

    /** Where there is an infinity. */
    public static <T> T isinf(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return x.type().isFloating()
                ? Expr.apply(Primitive.EQ, Expr.apply(Primitive.ABS, x), x.like(Double.POSITIVE_INFINITY))
                : Expr.apply(Primitive.NE, x, x);
    }
}

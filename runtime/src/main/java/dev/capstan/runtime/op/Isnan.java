// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import java.util.List;

/** Where there is no number. */
public record Isnan() implements Predicate {
    private static final Isnan INSTANCE = new Isnan();

    /** Where there is no number. */
    public static <T> T isnan(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return Expr.apply(Primitive.NE, x, x);
    }
}

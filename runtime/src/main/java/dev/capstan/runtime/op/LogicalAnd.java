// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import java.util.List;

/** Where neither of two elements is 0. */
public record LogicalAnd() implements Logical {
    private static final LogicalAnd INSTANCE = new LogicalAnd();

    /** Where neither of two elements is 0. */
    public static <T> T logicalAnd(Ops<T> ops, T left, T right) {
        return ops.apply(INSTANCE, left, right);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return Expr.apply(Primitive.AND, x, operands.get(1));
    }
}

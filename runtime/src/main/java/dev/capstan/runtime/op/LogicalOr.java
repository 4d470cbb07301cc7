// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import java.util.List;

/** Where not both of two elements are 0. */
public record LogicalOr() implements Logical {
    private static final LogicalOr INSTANCE = new LogicalOr();

    /** Where not both of two elements are 0. */
    public static <T> T logicalOr(Ops<T> ops, T left, T right) {
        return ops.apply(INSTANCE, left, right);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return Expr.apply(Primitive.OR, x, operands.get(1));
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import java.util.List;

/** Where an element is 0. */
public record LogicalNot() implements Logical {
    private static final LogicalNot INSTANCE = new LogicalNot();

    /** Where an element is 0. */
    public static <T> T logicalNot(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return Expr.apply(Primitive.EQ, x, x.like(0));
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import java.util.List;

/** Where exactly one of two elements is 0. */
public record LogicalXor() implements Logical {
    private static final LogicalXor INSTANCE = new LogicalXor();

    /** Where exactly one of two elements is 0. */
    public static <T> T logicalXor(Ops<T> ops, T left, T right) {
        return ops.apply(INSTANCE, left, right);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return Expr.apply(Primitive.XOR, x, operands.get(1));
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.DType;
import java.util.List;
import java.util.function.IntPredicate;

/** {@code a * b}; bool operands: and. */
public record Mul() implements Elementwise {
    private static final Mul INSTANCE = new Mul();

    /** {@code a * b}; bool operands: and. */
    public static <T> T mul(Ops<T> ops, T left, T right) {
        return ops.apply(INSTANCE, left, right);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        return operands.get(0).type() == DType.BOOL
                ? Expr.apply(Primitive.AND, operands.get(0), operands.get(1))
                : operands.get(0).mul(operands.get(1));
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return needed.test(1 - operand);
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        return mul(at.ops(), at.gradient(), at.operand(1 - operand));
    }
}

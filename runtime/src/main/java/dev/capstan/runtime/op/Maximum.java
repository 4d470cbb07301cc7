// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import java.util.List;
import java.util.function.IntPredicate;

/** The larger of two; NaN if either is. At a tie each gets half of the gradient. */
public record Maximum() implements Elementwise {
    private static final Maximum INSTANCE = new Maximum();

    /** The larger of two; NaN if either is. At a tie each gets half of the gradient. */
    public static <T> T maximum(Ops<T> ops, T left, T right) {
        return ops.apply(INSTANCE, left, right);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        return Expr.apply(Primitive.MAX, operands.get(0), operands.get(1));
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return true;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        T self = at.operand(operand);
        T other = at.operand(1 - operand);
        T half = Div.div(ops, at.gradient(), ops.number(2));
        T shared = Where.where(ops, Eq.eq(ops, self, other), half, at.gradient());
        return Where.where(ops, Lt.lt(ops, self, other), ops.number(0), shared);
    }
}

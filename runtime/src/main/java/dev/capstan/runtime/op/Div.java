// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import java.util.List;
import java.util.function.IntPredicate;

/** {@code a / b} of real numbers. */
public record Div() implements FloatingElementwise {
    private static final Div INSTANCE = new Div();

    /** {@code a / b} of real numbers. */
    public static <T> T div(Ops<T> ops, T left, T right) {
        return ops.apply(INSTANCE, left, right);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        return operands.get(0).div(operands.get(1));
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return operand == 1 || needed.test(1);
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        T scaled = div(ops, operand == 0 ? at.gradient() : at.operand(0), at.operand(1));
        return operand == 0 ? scaled : Mul.mul(ops, Neg.neg(ops, at.gradient()), div(ops, scaled, at.operand(1)));
    }
}

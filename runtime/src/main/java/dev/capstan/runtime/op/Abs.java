// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import java.util.List;
import java.util.function.IntPredicate;

/** {@code |x|}; the gradient at 0 is 0. */
public record Abs() implements NumericElementwise {
    private static final Abs INSTANCE = new Abs();

    /** {@code |x|}; the gradient at 0 is 0. */
    public static <T> T abs(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return Expr.apply(Primitive.ABS, x);
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return true;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        return Mul.mul(ops, at.gradient(), Sign.sign(ops, at.operand(0)));
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Functions;
import java.util.List;
import java.util.function.IntPredicate;

/** The cosine of an angle in radians. */
public record Cos() implements FloatingElementwise {
    private static final Cos INSTANCE = new Cos();

    /** The cosine of an angle in radians. */
    public static <T> T cos(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return Functions.cos(x);
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return true;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        return Mul.mul(ops, at.gradient(), Neg.neg(ops, Sin.sin(ops, at.operand(0))));
    }
}

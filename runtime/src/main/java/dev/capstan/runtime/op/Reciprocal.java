// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import java.util.List;

/** {@code 1 / x}. */
public record Reciprocal() implements FloatingElementwise {
    private static final Reciprocal INSTANCE = new Reciprocal();

    /** {@code 1 / x}. */
    public static <T> T reciprocal(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return x.like(1).div(x);
    }

    @Override
    public boolean savesOutput() {
        return true;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        T y = at.output();
        return Mul.mul(ops, Neg.neg(ops, at.gradient()), Mul.mul(ops, y, y));
    }
}

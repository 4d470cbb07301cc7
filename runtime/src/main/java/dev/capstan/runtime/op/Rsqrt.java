// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import java.util.List;

/** {@code 1 / sqrt(x)}; NaN below 0. */
public record Rsqrt() implements FloatingElementwise {
    private static final Rsqrt INSTANCE = new Rsqrt();

    /** {@code 1 / sqrt(x)}; NaN below 0. */
    public static <T> T rsqrt(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return x.like(1).div(Expr.apply(Primitive.SQRT, x));
    }

    @Override
    public boolean savesOutput() {
        return true;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        T y = at.output();
        T cube = Mul.mul(ops, Mul.mul(ops, y, y), y);
        return Mul.mul(ops, at.gradient(), Mul.mul(ops, cube, ops.number(-0.5)));
    }
}

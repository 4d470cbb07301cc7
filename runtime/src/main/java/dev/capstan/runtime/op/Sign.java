// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.DType;
import java.util.List;

/** -1, 0 or 1 with the sign of x; 0 for NaN. Its gradient is 0. */
public record Sign() implements Elementwise {
    private static final Sign INSTANCE = new Sign();

    /** -1, 0 or 1 with the sign of x; 0 for NaN. Its gradient is 0. */
    public static <T> T sign(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        if (x.type() == DType.BOOL) {
            return x;
        }
        return Expr.apply(
                Primitive.SUB,
                Expr.apply(Primitive.GT, x, x.like(0)).cast(x.type()),
                Expr.apply(Primitive.LT, x, x.like(0)).cast(x.type()));
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        return Mul.mul(ops, at.gradient(), ops.number(0));
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * {@code min(x, bound)}, NaN if either is; the gradient flows to x where {@code x <= bound}, to the bound where
 * {@code x > bound}.
 */
public record ClampMax() implements Elementwise {
    private static final ClampMax INSTANCE = new ClampMax();

    /** {@code min(x, bound)}. */
    public static <T> T clampMax(Ops<T> ops, T operand, T bound) {
        return ops.apply(INSTANCE, operand, bound);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        return Expr.apply(Primitive.MIN, operands.get(0), operands.get(1));
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return true;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        // with a NaN neither holds
        T chosen = operand == 0 ? Le.le(ops, at.operand(0), at.operand(1)) : Gt.gt(ops, at.operand(0), at.operand(1));
        return Where.where(ops, chosen, at.gradient(), ops.number(0));
    }
}

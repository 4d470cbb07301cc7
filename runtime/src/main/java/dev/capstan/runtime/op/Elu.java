// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Functions;
import dev.capstan.runtime.kernel.Primitive;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * x where it is positive, else {@code scale (e^x - 1)}.
 *
 * @param scale minus the limit at -infinity
 */
public record Elu(double scale) implements FloatingElementwise {
    /** x where it is positive, else {@code scale (e^x - 1)}. */
    public static <T> T elu(Ops<T> ops, T operand, double scale) {
        return ops.apply(new Elu(scale), operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        Expr below = Functions.expm1(x).mul(x.like(scale));
        return Expr.apply(Primitive.SELECT, Expr.apply(Primitive.GT, x, x.like(0)), x, below);
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return true;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        T x = at.operand(0);
        // the power of a large x, which is not chosen, would be infinite, and its gradient NaN
        T power = Exp.exp(ops, ClampMax.clampMax(ops, x, ops.number(0)));
        T below = Mul.mul(ops, at.gradient(), Mul.mul(ops, power, ops.number(scale)));
        return Where.where(ops, Gt.gt(ops, x, ops.number(0)), at.gradient(), below);
    }
}

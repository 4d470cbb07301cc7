// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Functions;
import dev.capstan.runtime.kernel.Primitive;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * {@code log(1 + e^(sharpness x)) / sharpness}, which is almost {@code max(x, 0)}; x itself beyond a threshold.
 *
 * @param sharpness how narrow the bend at 0 is
 * @param threshold of {@code sharpness x}
 */
public record Softplus(double sharpness, double threshold) implements FloatingElementwise {
    /** {@code log(1 + e^(sharpness x)) / sharpness}, which is almost {@code max(x, 0)}; x itself beyond a threshold. */
    public static <T> T softplus(Ops<T> ops, T operand, double sharpness, double threshold) {
        return ops.apply(new Softplus(sharpness, threshold), operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        Expr scaled = x.mul(x.like(sharpness));
        Expr soft = Functions.log1p(Functions.exp(scaled)).div(x.like(sharpness));
        return Expr.apply(Primitive.SELECT, Expr.apply(Primitive.GT, scaled, x.like(threshold)), x, soft);
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return true;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        T scaled = Mul.mul(ops, at.operand(0), ops.number(sharpness));
        T slope = Mul.mul(ops, at.gradient(), Sigmoid.sigmoid(ops, scaled));
        return Where.where(ops, Gt.gt(ops, scaled, ops.number(threshold)), at.gradient(), slope);
    }
}

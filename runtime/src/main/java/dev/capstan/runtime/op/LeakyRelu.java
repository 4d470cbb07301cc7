// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * x where it is positive, else x times a slope.
 *
 * @param slope the slope below 0
 */
public record LeakyRelu(double slope) implements FloatingElementwise {
    /** x where it is positive, else x times a slope. */
    public static <T> T leakyRelu(Ops<T> ops, T operand, double slope) {
        return ops.apply(new LeakyRelu(slope), operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return Expr.apply(Primitive.SELECT, Expr.apply(Primitive.GT, x, x.like(0)), x, x.mul(x.like(slope)));
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return true;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        T positive = Gt.gt(ops, at.operand(0), ops.number(0));
        return Where.where(ops, positive, at.gradient(), Mul.mul(ops, at.gradient(), ops.number(slope)));
    }
}

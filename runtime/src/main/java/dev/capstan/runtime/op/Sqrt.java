// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import java.util.List;

/** The square root; NaN below 0. */
public record Sqrt() implements FloatingElementwise {
    private static final Sqrt INSTANCE = new Sqrt();

    /** The square root; NaN below 0. */
    public static <T> T sqrt(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return Expr.apply(Primitive.SQRT, x);
    }

    @Override
    public boolean savesOutput() {
        return true;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        return Div.div(ops, at.gradient(), Mul.mul(ops, at.output(), ops.number(2)));
    }
}

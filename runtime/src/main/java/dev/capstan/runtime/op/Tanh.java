// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Functions;
import java.util.List;

/** The hyperbolic tangent. */
public record Tanh() implements FloatingElementwise {
    private static final Tanh INSTANCE = new Tanh();

    /** The hyperbolic tangent. */
    public static <T> T tanh(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return Functions.tanh(x);
    }

    @Override
    public boolean savesOutput() {
        return true;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        // 1 - tanh(x)^2
        T slope = Sub.sub(ops, ops.number(1), Mul.mul(ops, at.output(), at.output()));
        return Mul.mul(ops, at.gradient(), slope);
    }
}

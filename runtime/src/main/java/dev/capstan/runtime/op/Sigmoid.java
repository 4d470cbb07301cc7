// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Functions;
import java.util.List;

/** {@code 1 / (1 + e^-x)}. */
public record Sigmoid() implements FloatingElementwise {
    private static final Sigmoid INSTANCE = new Sigmoid();

    /** {@code 1 / (1 + e^-x)}. */
    public static <T> T sigmoid(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return Functions.sigmoid(x);
    }

    @Override
    public boolean savesOutput() {
        return true;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        T rest = Sub.sub(ops, ops.number(1), at.output());
        return Mul.mul(ops, Mul.mul(ops, at.gradient(), rest), at.output());
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Functions;
import java.util.List;

/** {@code e^x}. */
public record Exp() implements FloatingElementwise {
    private static final Exp INSTANCE = new Exp();

    /** {@code e^x}. */
    public static <T> T exp(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return Functions.exp(x);
    }

    @Override
    public boolean savesOutput() {
        return true;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        return Mul.mul(ops, at.gradient(), at.output());
    }
}

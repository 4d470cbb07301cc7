// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import java.util.List;

/** {@code -x}. */
public record Neg() implements NumericElementwise {
    private static final Neg INSTANCE = new Neg();

    /** {@code -x}. */
    public static <T> T neg(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return x.neg();
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        return neg(ops, at.gradient());
    }
}

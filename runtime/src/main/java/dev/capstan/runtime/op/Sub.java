// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import java.util.List;

/** {@code a - b}. */
public record Sub() implements NumericElementwise {
    private static final Sub INSTANCE = new Sub();

    /** {@code a - b}. */
    public static <T> T sub(Ops<T> ops, T left, T right) {
        return ops.apply(INSTANCE, left, right);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        return operands.get(0).sub(operands.get(1));
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        return operand == 0 ? at.gradient() : Neg.neg(at.ops(), at.gradient());
    }
}

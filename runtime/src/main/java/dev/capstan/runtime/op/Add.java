// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.DType;
import java.util.List;

/** {@code a + b}; bool operands: or. */
public record Add() implements Elementwise {
    private static final Add INSTANCE = new Add();

    /** {@code a + b}; bool operands: or. */
    public static <T> T add(Ops<T> ops, T left, T right) {
        return ops.apply(INSTANCE, left, right);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        return operands.get(0).type() == DType.BOOL
                ? Expr.apply(Primitive.OR, operands.get(0), operands.get(1))
                : operands.get(0).add(operands.get(1));
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        return at.gradient();
    }
}

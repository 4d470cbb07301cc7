// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import java.util.List;

/** {@code max(x, 0)}, NaN for NaN; the gradient at 0 is 0. */
public record Relu() implements NumericElementwise {
    private static final Relu INSTANCE = new Relu();

    /** {@code max(x, 0)}, NaN for NaN; the gradient at 0 is 0. */
    public static <T> T relu(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return Expr.apply(Primitive.MAX, x, x.like(0));
    }

    @Override
    public boolean savesOutput() {
        return true;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        T closed = Le.le(ops, at.output(), ops.number(0));
        return Where.where(ops, closed, ops.number(0), at.gradient());
    }
}

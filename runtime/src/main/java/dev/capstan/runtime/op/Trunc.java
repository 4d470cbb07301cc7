// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Functions;
import java.util.List;

/** x without its fraction. Its gradient is 0. */
public record Trunc() implements NumericElementwise {
    private static final Trunc INSTANCE = new Trunc();

    /** x without its fraction. Its gradient is 0. */
    public static <T> T trunc(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return x.type().isFloating() ? Functions.trunc(x) : x;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        return Mul.mul(ops, at.gradient(), ops.number(0));
    }
}

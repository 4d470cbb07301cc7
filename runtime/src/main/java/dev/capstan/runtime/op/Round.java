// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Functions;
import java.util.List;

/** The nearest whole number, the even one of two. Its gradient is 0. */
public record Round() implements NumericElementwise {
    private static final Round INSTANCE = new Round();

    /** The nearest whole number, the even one of two. Its gradient is 0. */
    public static <T> T round(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return x.type().isFloating() ? Functions.round(x) : x;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        return Mul.mul(ops, at.gradient(), ops.number(0));
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Functions;
import java.util.List;
import java.util.function.IntPredicate;

/** The natural logarithm; -Infinity at 0, NaN below. */
public record Log() implements FloatingElementwise {
    private static final Log INSTANCE = new Log();

    /** The natural logarithm; -Infinity at 0, NaN below. */
    public static <T> T log(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return Functions.log(x);
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return true;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        return Div.div(ops, at.gradient(), at.operand(0));
    }
}

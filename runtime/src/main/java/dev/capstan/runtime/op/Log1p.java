// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Functions;
import java.util.List;
import java.util.function.IntPredicate;

/** {@code log(1 + x)} without cancellation for small x. */
public record Log1p() implements FloatingElementwise {
    private static final Log1p INSTANCE = new Log1p();

    /** {@code log(1 + x)} without cancellation for small x. */
    public static <T> T log1p(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public String gradientName() {
        return "Log1PBackward";
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return Functions.log1p(x);
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return true;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        return Div.div(ops, at.gradient(), Add.add(ops, at.operand(0), ops.number(1)));
    }
}

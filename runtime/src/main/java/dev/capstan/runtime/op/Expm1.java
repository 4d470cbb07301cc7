// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Functions;
import java.util.List;

/** {@code e^x - 1} without cancellation for small x. */
public record Expm1() implements FloatingElementwise {
    private static final Expm1 INSTANCE = new Expm1();

    /** {@code e^x - 1} without cancellation for small x. */
    public static <T> T expm1(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return Functions.expm1(x);
    }

    @Override
    public boolean savesOutput() {
        return true;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        return Mul.mul(ops, at.gradient(), Add.add(ops, at.output(), ops.number(1)));
    }
}

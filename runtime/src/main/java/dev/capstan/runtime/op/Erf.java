// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Functions;
import java.util.List;
import java.util.function.IntPredicate;

/** The error function, {@code 2 / sqrt(pi)} times the integral of {@code e^(-t^2)} from 0 to x. */
public record Erf() implements FloatingElementwise {
    private static final Erf INSTANCE = new Erf();

    /** The error function, {@code 2 / sqrt(pi)} times the integral of {@code e^(-t^2)} from 0 to x. */
    public static <T> T erf(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return Functions.erf(x);
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return true;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        T x = at.operand(0);
        T bell = Exp.exp(ops, Neg.neg(ops, Mul.mul(ops, x, x)));
        return Mul.mul(ops, at.gradient(), Mul.mul(ops, bell, ops.number(2 / Math.sqrt(Math.PI))));
    }
}

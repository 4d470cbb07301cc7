// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Functions;
import java.util.List;
import java.util.function.IntPredicate;

/** {@code x / (1 + e^-x)}: x times its sigmoid. */
public record Silu() implements FloatingElementwise {
    private static final Silu INSTANCE = new Silu();

    /** {@code x / (1 + e^-x)}: x times its sigmoid. */
    public static <T> T silu(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public Expr compute(List<Expr> operands) {
        Expr x = operands.get(0);
        return x.mul(Functions.sigmoid(x));
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return true;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        T x = at.operand(0);
        T gate = Sigmoid.sigmoid(ops, x);
        // s (1 + x (1 - s))
        T rest = Mul.mul(ops, x, Sub.sub(ops, ops.number(1), gate));
        T slope = Mul.mul(ops, gate, Add.add(ops, ops.number(1), rest));
        return Mul.mul(ops, at.gradient(), slope);
    }
}

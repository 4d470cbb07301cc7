// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.TensorType;
import java.util.List;
import java.util.function.IntPredicate;

/** {@code condition ? a : b} with a bool condition. */
public record Where() implements Elementwise {
    private static final Where INSTANCE = new Where();

    /** {@code condition ? a : b}. */
    public static <T> T where(Ops<T> ops, T condition, T a, T b) {
        return ops.apply(INSTANCE, condition, a, b);
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        if (operands.get(0).dtype() != DType.BOOL) {
            throw new CapstanException(
                    name(), "the condition is not bool", operands.get(0).toString());
        }
        return Elementwise.super.infer(operands);
    }

    @Override
    public DType computeType(List<TensorType> operands) {
        return TensorType.promote(operands.subList(1, 3));
    }

    @Override
    public DType operandType(int operand, DType computeType) {
        return operand == 0 ? DType.BOOL : computeType;
    }

    @Override
    public Expr compute(List<Expr> operands) {
        return Expr.apply(Primitive.SELECT, operands.get(0), operands.get(1), operands.get(2));
    }

    @Override
    public boolean differentiable(int operand) {
        return operand > 0;
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return operand == 0;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        T zero = ops.number(0);
        return operand == 1
                ? where(ops, at.operand(0), at.gradient(), zero)
                : where(ops, at.operand(0), zero, at.gradient());
    }
}

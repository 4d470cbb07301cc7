// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.TensorType;
import java.util.List;
import java.util.function.IntPredicate;

/** The elements of a tensor, and one value, converted to their type, where a bool mask is true. */
public record MaskedFill() implements Elementwise {
    private static final MaskedFill INSTANCE = new MaskedFill();

    /** The operand with a 0-d value where the mask is true. */
    public static <T> T maskedFill(Ops<T> ops, T operand, T mask, T value) {
        return ops.apply(INSTANCE, operand, mask, value);
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        if (operands.get(1).dtype() != DType.BOOL) {
            throw new CapstanException(
                    name(), "the mask is not bool", operands.get(1).toString());
        }
        TensorType value = operands.get(2);
        if (value.shape().rank() != 0) {
            throw new CapstanException(name(), "the value is not 0-d", value.toString());
        }
        DType type = operands.get(0).dtype();
        if (!value.wrapped() && value.dtype().category().compareTo(type.category()) > 0) {
            throw new CapstanException(name(), "the elements cannot hold the value", value + " in " + operands.get(0));
        }
        return Elementwise.super.infer(operands);
    }

    @Override
    public DType computeType(List<TensorType> operands) {
        return operands.get(0).dtype();
    }

    @Override
    public DType operandType(int operand, DType computeType) {
        return operand == 1 ? DType.BOOL : computeType;
    }

    @Override
    public Expr compute(List<Expr> operands) {
        return Expr.apply(Primitive.SELECT, operands.get(1), operands.get(2), operands.get(0));
    }

    @Override
    public boolean differentiable(int operand) {
        return operand != 1;
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return operand == 1;
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        T mask = at.operand(1);
        return operand == 0
                ? Where.where(ops, mask, ops.number(0), at.gradient())
                : Where.where(ops, mask, at.gradient(), ops.number(0));
    }
}

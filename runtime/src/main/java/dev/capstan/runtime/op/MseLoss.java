// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.ReductionKernel;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * The squared error {@code (input - target)^2}, summed or averaged over all elements.
 *
 * @param averaged true for the mean, false for the sum
 */
public record MseLoss(boolean averaged) implements Reduction {
    /** The loss of an input against a target; gradients flow to both. */
    public static <T> T mseLoss(Ops<T> ops, T input, T target, boolean averaged) {
        return ops.apply(new MseLoss(averaged), input, target);
    }

    @Override
    public List<Integer> dimensions() {
        return List.of();
    }

    @Override
    public boolean keepDimensions() {
        return false;
    }

    @Override
    public DType resultType(List<TensorType> operands) {
        DType type = TensorType.promote(operands);
        if (!type.isFloating()) {
            throw new CapstanException(
                    name(), "the elements are not floating", operands.get(0) + " and " + operands.get(1));
        }
        return type;
    }

    @Override
    public ReductionKernel kernel(List<TensorType> operands, int count) {
        DType type = resultType(operands);
        List<DType> inputs = List.of(operands.get(0).dtype(), operands.get(1).dtype());
        Expr error = Expr.input(0, inputs.get(0))
                .cast(type)
                .sub(Expr.input(1, inputs.get(1)).cast(type));
        return Sum.adding(inputs, error.mul(error), sum -> averaged ? sum.div(sum.like(count)) : sum);
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return true;
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        Shape domain = domain(List.of(at.operandType(0), at.operandType(1)));
        double scale = averaged ? 2.0 / domain.elements() : 2.0;
        DType type = at.outputType().dtype();
        T error =
                Sub.sub(ops, Cast.cast(ops, at.operand(operand), type), Cast.cast(ops, at.operand(1 - operand), type));
        T full = Mul.mul(ops, Mul.mul(ops, error, ops.number(scale)), at.gradient());
        TensorType target = at.operandType(operand);
        return Cast.cast(ops, Sum.sumTo(ops, full, target.shape()), target.dtype());
    }
}

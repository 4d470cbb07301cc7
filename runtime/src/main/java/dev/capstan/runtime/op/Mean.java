// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.ReductionKernel;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;

/**
 * The arithmetic mean over some dimensions of a floating tensor: sum / n.
 *
 * @param dimensions the dimensions, all if empty
 * @param keepDimensions true to keep them with size 1
 */
public record Mean(List<Integer> dimensions, boolean keepDimensions) implements Reduction {
    /** Copies the dimensions. */
    public Mean {
        dimensions = List.copyOf(dimensions);
    }

    /** The mean over dimensions. */
    public static <T> T mean(Ops<T> ops, T operand, List<Integer> dimensions, boolean keepDimensions) {
        return ops.apply(new Mean(dimensions, keepDimensions), operand);
    }

    @Override
    public DType resultType(List<TensorType> operands) {
        DType type = operands.get(0).dtype();
        if (!type.isFloating()) {
            throw new CapstanException(
                    name(), "the elements are not floating", operands.get(0).toString());
        }
        return type;
    }

    @Override
    public ReductionKernel kernel(List<TensorType> operands, int count) {
        Expr value = Expr.input(0, resultType(operands));
        return Sum.adding(List.of(value.type()), value, sum -> sum.div(sum.like(count)));
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        Shape domain = at.operandType(0).shape();
        T spread = Sum.spread(ops, at.gradient(), kept(domain), domain);
        return Div.div(ops, spread, ops.number(count(domain)));
    }
}

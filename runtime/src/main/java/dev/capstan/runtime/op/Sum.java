// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.kernel.ReductionKernel;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The sum over some dimensions; bool and integral elements are added as int64.
 *
 * @param dimensions the dimensions, all if empty
 * @param keepDimensions true to keep them with size 1
 */
public record Sum(List<Integer> dimensions, boolean keepDimensions) implements Reduction {
    /** Copies the dimensions. */
    public Sum {
        dimensions = List.copyOf(dimensions);
    }

    /** The sum over dimensions. */
    public static <T> T sum(Ops<T> ops, T operand, List<Integer> dimensions, boolean keepDimensions) {
        return ops.apply(new Sum(dimensions, keepDimensions), operand);
    }

    /** The gradient of a broadcast: sums over the dimensions that were stretched from a shape. */
    public static <T> T sumTo(Ops<T> ops, T gradient, Shape shape) {
        Shape full = ops.type(gradient).shape();
        if (full.equals(shape)) {
            return gradient;
        }
        int lead = full.rank() - shape.rank();
        List<Integer> stretched = new ArrayList<>();
        for (int i = 0; i < full.rank(); i++) {
            if (i < lead || shape.size(i - lead) == 1 && full.size(i) != 1) {
                stretched.add(i);
            }
        }
        T summed = stretched.isEmpty() ? gradient : sum(ops, gradient, stretched, true);
        return Reshape.reshape(ops, summed, shape);
    }

    /** Spreads the gradient of a reduction over the domain that was reduced. */
    static <T> T spread(Ops<T> ops, T gradient, Shape kept, Shape domain) {
        return Expand.expand(ops, Reshape.reshape(ops, gradient, kept), domain);
    }

    /** The kernel that maps by {@code value}, adds, and finishes by {@code finish}. */
    static ReductionKernel adding(List<DType> inputs, Expr value, UnaryOperator<Expr> finish) {
        Kernel map = Kernel.of(inputs, List.of(value));
        Expr state = Expr.input(0, value.type());
        return new ReductionKernel(
                map, Primitive.ADD, 0, Kernel.of(List.of(value.type()), List.of(finish.apply(state))));
    }

    @Override
    public DType resultType(List<TensorType> operands) {
        DType type = operands.get(0).dtype();
        return type.isFloating() ? type : DType.INT64;
    }

    @Override
    public ReductionKernel kernel(List<TensorType> operands, int count) {
        DType type = operands.get(0).dtype();
        return adding(List.of(type), Expr.input(0, type).cast(resultType(operands)), UnaryOperator.identity());
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Shape domain = at.operandType(0).shape();
        return spread(at.ops(), at.gradient(), kept(domain), domain);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Operands put one after another along a dimension; all other sizes agree.
 *
 * @param dimension the dimension, negative from the end
 */
public record Cat(int dimension) implements Assembly {
    /** The operands one after another. */
    public static <T> T cat(Ops<T> ops, List<T> operands, int dimension) {
        return ops.apply(new Cat(dimension), operands);
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        if (operands.isEmpty()) {
            throw new CapstanException(name(), "no operands", "[]");
        }
        Shape first = operands.get(0).shape();
        if (first.rank() == 0) {
            throw new CapstanException(name(), "0-d tensors cannot be concatenated", first.toString());
        }
        int at = first.dimension(name(), dimension);
        int size = 0;
        for (TensorType operand : operands) {
            Shape shape = operand.shape();
            if (shape.rank() != first.rank() || !shape.with(at, 0).equals(first.with(at, 0))) {
                throw new CapstanException(name(), "sizes differ outside of dimension " + at, first + " and " + shape);
            }
            size += shape.size(at);
        }
        return new TensorType(TensorType.promote(operands), first.with(at, size));
    }

    @Override
    public Layout place(int operand, List<TensorType> operands, Layout result) {
        int at = result.shape().dimension(name(), dimension);
        int size = operands.get(operand).shape().size(at);
        return result.slice(at, start(operand, operands::get, at), size, 1);
    }

    @Override
    public boolean covers() {
        return true;
    }

    private static int start(int operand, IntFunction<TensorType> types, int at) {
        int start = 0;
        for (int i = 0; i < operand; i++) {
            start += types.apply(i).shape().size(at);
        }
        return start;
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        TensorType target = at.operandType(operand);
        int where = target.shape().dimension(name(), dimension);
        int start = start(operand, at::operandType, where);
        T part = Slice.slice(
                at.ops(), at.gradient(), where, start, target.shape().size(where), 1);
        return Cast.cast(at.ops(), part, target.dtype());
    }
}

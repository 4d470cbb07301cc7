// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;

/**
 * Operands of one shape put side by side along a new dimension.
 *
 * @param dimension the place of the new dimension in the result, negative from the end
 */
public record Stack(int dimension) implements Assembly {
    /** The operands side by side. */
    public static <T> T stack(Ops<T> ops, List<T> operands, int dimension) {
        return ops.apply(new Stack(dimension), operands);
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        if (operands.isEmpty()) {
            throw new CapstanException(name(), "no operands", "[]");
        }
        Shape shape = operands.get(0).shape();
        for (TensorType operand : operands) {
            if (!operand.shape().equals(shape)) {
                throw new CapstanException(name(), "shapes differ", shape + " and " + operand.shape());
            }
        }
        Shape result = shape.insert(place(shape.rank() + 1), operands.size());
        return new TensorType(TensorType.promote(operands), result);
    }

    private int place(int rank) {
        if (dimension < -rank || dimension >= rank) {
            throw new CapstanException(name(), "dimension out of range", dimension + " for rank " + rank);
        }
        return dimension < 0 ? dimension + rank : dimension;
    }

    @Override
    public Layout place(int operand, List<TensorType> operands, Layout result) {
        return result.select(place(result.shape().rank()), operand);
    }

    @Override
    public boolean covers() {
        return true;
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        T part = Select.select(at.ops(), at.gradient(), dimension, operand);
        return Cast.cast(at.ops(), part, at.operandType(operand).dtype());
    }
}

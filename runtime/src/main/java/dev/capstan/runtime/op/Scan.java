// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;

/** An operator that adds up the elements along a dimension, one after the other, and gives all sums on the way. */
public non-sealed interface Scan extends Operator {
    /** The dimension, negative from the end. */
    int dimension();

    /** True to begin with the last element. */
    boolean descends();

    @Override
    default TensorType infer(List<TensorType> operands) {
        TensorType operand = operands.get(0);
        Shape shape = operand.shape();
        shape.dimension(name(), dimension());
        return new TensorType(operand.dtype().isFloating() ? operand.dtype() : DType.INT64, shape);
    }

    @Override
    default <R> R accept(OperatorVisitor<R> visitor) {
        return visitor.visit(this);
    }
}

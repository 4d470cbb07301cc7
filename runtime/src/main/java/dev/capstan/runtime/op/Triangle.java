// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;

/** Matrices, or stacks of them, with zeros on one side of a diagonal. */
interface Triangle extends Composite {
    /** Which diagonal: 0 is the main one, 1 the one above it. */
    int diagonal();

    /** Which elements stay, by the column and the column of the diagonal in the same row. */
    <T> T staying(Ops<T> ops, T column, T bound);

    @Override
    default boolean isOneNode() {
        return true;
    }

    @Override
    default TensorType infer(List<TensorType> operands) {
        TensorType operand = operands.get(0);
        if (operand.shape().rank() < 2) {
            throw new CapstanException(name(), "there are no matrices", operand.toString());
        }
        return new TensorType(operand.dtype(), operand.shape());
    }

    @Override
    default <T> T decompose(Ops<T> ops, List<T> operands) {
        T x = operands.get(0);
        TensorType type = infer(List.of(ops.type(x)));
        Shape shape = type.shape();
        int rank = shape.rank();
        T rows = Arange.along(ops, shape.size(rank - 2), 0, 2);
        T columns = Arange.along(ops, shape.size(rank - 1), 1, 2);
        T bound = Add.add(ops, rows, Cast.cast(ops, ops.number(diagonal()), DType.INT64));
        T zero = Cast.cast(ops, ops.number(0), type.dtype());
        return Where.where(ops, staying(ops, columns, bound), x, zero);
    }

    @Override
    default <T> T gradient(Differentiation<T> at, int operand) {
        return at.ops().apply(this, at.gradient());
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.IntPredicate;

/**
 * The parts of a tensor at given indices of one dimension, one after the other.
 *
 * @param dimension the dimension, negative from the end
 * @param ignored an index that stands for a part of zeros
 */
public record IndexSelect(int dimension, OptionalLong ignored) implements Indexed {
    /** The parts at the indices, a vector or 0-d. */
    public static <T> T indexSelect(Ops<T> ops, T operand, T index, int dimension) {
        return ops.apply(new IndexSelect(dimension, OptionalLong.empty()), operand, index);
    }

    /** The shape of parts, as many as there are indices. */
    static Shape parts(String operator, int dimension, TensorType whole, TensorType index) {
        Indexed.verifyIndex(operator, index);
        int along = whole.shape().dimension(operator, dimension);
        if (index.shape().rank() > 1) {
            throw new CapstanException(operator, "the indices are not a vector", index.toString());
        }
        int count = index.shape().elements();
        if (whole.shape().rank() == 0 && count != 1) {
            throw new CapstanException(operator, "a 0-d tensor has one index", whole + " at " + index);
        }
        return whole.shape().rank() == 0 ? whole.shape() : whole.shape().with(along, count);
    }

    /** The indices of a vector, the same ones everywhere in the other dimensions. */
    static Layout alongOneDimension(int dimension, Shape moved) {
        int[] strides = new int[moved.rank()];
        strides[dimension < 0 ? dimension + moved.rank() : dimension] = 1;
        return Layout.of(moved, strides, 0);
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        DType type = operands.get(0).dtype();
        return new TensorType(type, parts(name(), dimension, operands.get(0), operands.get(1)));
    }

    @Override
    public boolean accumulates() {
        return false;
    }

    @Override
    public Shape moved(List<TensorType> operands) {
        return Indexed.vector(infer(operands).shape());
    }

    @Override
    public Layout indices(Shape index, Shape moved) {
        return alongOneDimension(dimension, moved);
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return operand == 1;
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        T zeros = Overwrite.zeros(ops, at.operandType(0));
        return ops.apply(new IndexAdd(dimension, ignored), List.of(zeros, at.operand(1), at.gradient()));
    }
}

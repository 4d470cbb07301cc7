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
 * For each index the element that it tells along one dimension, at the index's own place in the others.
 *
 * @param dimension the dimension, negative from the end
 * @param ignored an index that stands for zero
 */
public record Gather(int dimension, OptionalLong ignored) implements Indexed {
    /** The elements at the indices, of their shape. */
    public static <T> T gather(Ops<T> ops, T operand, T index, int dimension) {
        return ops.apply(new Gather(dimension, OptionalLong.empty()), operand, index);
    }

    /** Refuses indices that do not fit into a tensor outside of the dimension along which they tell. */
    static void verifyShape(String operator, int dimension, TensorType whole, TensorType index) {
        if (index.dtype() != DType.INT64 && index.shape().elements() > 0) {
            throw new CapstanException(operator, "the indices are not int64", index.toString());
        }
        int along = whole.shape().dimension(operator, dimension);
        Shape outer = Indexed.vector(whole.shape());
        Shape inner = Indexed.vector(index.shape());
        boolean fits = outer.rank() == inner.rank();
        for (int i = 0; fits && i < outer.rank(); i++) {
            fits = i == along || inner.size(i) <= outer.size(i);
        }
        if (!fits && index.shape().elements() > 0) {
            throw new CapstanException(
                    operator, "the indices do not fit outside of dimension " + along, index + " for " + whole);
        }
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        verifyShape(name(), dimension, operands.get(0), operands.get(1));
        DType type = operands.get(0).dtype();
        return new TensorType(type, operands.get(1).shape());
    }

    @Override
    public boolean accumulates() {
        return false;
    }

    @Override
    public Shape moved(List<TensorType> operands) {
        return Indexed.vector(operands.get(1).shape());
    }

    @Override
    public Layout indices(Shape index, Shape moved) {
        return Layout.contiguous(moved);
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return operand == 1;
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        T zeros = Overwrite.zeros(ops, at.operandType(0));
        return ops.apply(new ScatterAdd(dimension, ignored), List.of(zeros, at.operand(1), at.gradient()));
    }
}

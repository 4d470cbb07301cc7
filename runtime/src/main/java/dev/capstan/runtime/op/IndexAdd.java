// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.IntPredicate;

/**
 * A tensor with parts added to it at given indices of one dimension, in order where an index comes again.
 *
 * @param dimension the dimension, negative from the end
 * @param ignored an index whose part is not added
 */
public record IndexAdd(int dimension, OptionalLong ignored) implements Indexed {
    /** The whole with parts of the source added at the indices, a vector or 0-d. */
    public static <T> T indexAdd(Ops<T> ops, T whole, T index, T source, int dimension) {
        return ops.apply(new IndexAdd(dimension, OptionalLong.empty()), whole, index, source);
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        TensorType whole = operands.get(0);
        TensorType source = operands.get(2);
        Shape parts = IndexSelect.parts(name(), dimension, whole, operands.get(1));
        Indexed.verifyAddition(name(), whole, source);
        if (!parts.equals(source.shape())) {
            throw new CapstanException(
                    name(), "the source does not fit", source + " for " + parts + " of " + whole.shape());
        }
        return new TensorType(whole.dtype(), whole.shape());
    }

    @Override
    public boolean accumulates() {
        return true;
    }

    @Override
    public Shape moved(List<TensorType> operands) {
        return Indexed.vector(operands.get(2).shape());
    }

    @Override
    public Layout indices(Shape index, Shape moved) {
        return IndexSelect.alongOneDimension(dimension, moved);
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return operand == 1 && needed.test(2);
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        return operand == 0
                ? at.gradient()
                : ops.apply(new IndexSelect(dimension, ignored), at.gradient(), at.operand(1));
    }
}

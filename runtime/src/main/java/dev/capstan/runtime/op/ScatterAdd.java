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
 * A tensor to which, for each index, the element of a source at the index's place is added: where the index tells along one
 * dimension, at the index's own place in the others. In order where an index comes again.
 *
 * @param dimension the dimension, negative from the end
 * @param ignored an index whose element is not added
 */
public record ScatterAdd(int dimension, OptionalLong ignored) implements Indexed {
    /** The whole with elements of the source added at the indices. */
    public static <T> T scatterAdd(Ops<T> ops, T whole, T index, T source, int dimension) {
        return ops.apply(new ScatterAdd(dimension, OptionalLong.empty()), whole, index, source);
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        TensorType whole = operands.get(0);
        TensorType index = operands.get(1);
        TensorType source = operands.get(2);
        Gather.verifyShape(name(), dimension, whole, index);
        Indexed.verifyAddition(name(), whole, source);
        Shape given = Indexed.vector(source.shape());
        Shape inner = Indexed.vector(index.shape());
        boolean fits = given.rank() == inner.rank();
        for (int i = 0; fits && i < given.rank(); i++) {
            fits = inner.size(i) <= given.size(i);
        }
        if (!fits && index.shape().elements() > 0) {
            throw new CapstanException(name(), "there are more indices than elements", index + " for " + source);
        }
        return new TensorType(whole.dtype(), whole.shape());
    }

    @Override
    public boolean accumulates() {
        return true;
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
        return operand == 1 && needed.test(2);
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        if (operand == 0) {
            return at.gradient();
        }
        Ops<T> ops = at.ops();
        T taken = ops.apply(new Gather(dimension, ignored), at.gradient(), at.operand(1));
        TensorType source = at.operandType(2);
        Shape index = ops.type(taken).shape();
        if (index.equals(source.shape())) {
            return taken;
        }
        // elements without an index were not added
        T zeros = Overwrite.zeros(ops, source);
        if (index.elements() == 0) {
            return zeros;
        }
        Layout corner = Layout.of(index, Layout.contiguous(source.shape()).strides(), 0);
        return Overwrite.overwrite(ops, zeros, taken, corner);
    }
}

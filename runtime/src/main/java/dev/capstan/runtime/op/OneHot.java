// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;

/**
 * For each index a vector of int64 that is 1 there and 0 elsewhere.
 *
 * @param classes the length of the vectors
 */
public record OneHot(int classes) implements Composite {
    /** A vector for each index. */
    public static <T> T oneHot(Ops<T> ops, T index, int classes) {
        return ops.apply(new OneHot(classes), index);
    }

    /** Refuses indices that are no classes. */
    public void verifyIndices(NdArray index) {
        for (int position : index.positions()) {
            long place = Indexed.integer(index.storage().array(), position);
            if (place < 0 || place >= classes) {
                throw new CapstanException(name(), "index out of range", place + " for " + classes + " classes");
            }
        }
    }

    @Override
    public boolean isOneNode() {
        return true;
    }

    @Override
    public boolean differentiable(int operand) {
        return false;
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        Indexed.verifyIndex(name(), operands.get(0));
        return Composite.super.infer(operands);
    }

    @Override
    public <T> T decompose(Ops<T> ops, List<T> operands) {
        Shape shape = ops.type(operands.get(0)).shape();
        T index = Unsqueeze.unsqueeze(ops, operands.get(0), shape.rank());
        T numbers = Arange.along(ops, classes, shape.rank(), shape.rank() + 1);
        return Cast.cast(ops, Eq.eq(ops, index, numbers), DType.INT64);
    }
}

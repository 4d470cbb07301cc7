// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;

/**
 * {@code 0, 1, 2, ...} as int64: what operators compare indices with.
 *
 * @param length how many
 */
public record Arange(int length) implements Opaque {
    /** The numbers from 0 on, along one dimension of a shape that has size 1 in all others. */
    static <T> T along(Ops<T> ops, int length, int dimension, int rank) {
        int[] sizes = new int[rank];
        java.util.Arrays.fill(sizes, 1);
        if (rank > 0) {
            sizes[dimension] = length;
        }
        return Reshape.reshape(ops, ops.apply(new Arange(length), List.of()), Shape.of(sizes));
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        return new TensorType(DType.INT64, Shape.of(length));
    }

    @Override
    public void compute(NdArray[] operands, NdArray result) {
        long[] numbers = (long[]) result.storage().array();
        for (int i = 0; i < length; i++) {
            numbers[result.layout().offset() + i] = i;
        }
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        throw new IllegalStateException("there is no operand");
    }
}

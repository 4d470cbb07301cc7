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
 * For each index the row of a matrix, {@code [rows, width]}; the result has one dimension more than the indices.
 *
 * @param padding the index of a row that gets no gradient
 */
public record Embedding(OptionalLong padding) implements Indexed {
    /** The rows at the indices. */
    public static <T> T embedding(Ops<T> ops, T weight, T index, OptionalLong padding) {
        return ops.apply(new Embedding(padding), weight, index);
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        Shape weight = operands.get(0).shape();
        Indexed.verifyIndex(name(), operands.get(1));
        if (weight.rank() != 2) {
            throw new CapstanException(name(), "the weight is not [rows, width]", weight.toString());
        }
        Shape index = operands.get(1).shape();
        return new TensorType(operands.get(0).dtype(), index.insert(index.rank(), weight.size(1)));
    }

    @Override
    public int dimension() {
        return 0;
    }

    @Override
    public OptionalLong ignored() {
        return OptionalLong.empty();
    }

    @Override
    public boolean accumulates() {
        return false;
    }

    @Override
    public Shape moved(List<TensorType> operands) {
        return operands.get(0).shape().with(0, operands.get(1).shape().elements());
    }

    @Override
    public Layout indices(Shape index, Shape moved) {
        return Layout.of(moved, new int[] {1, 0}, 0);
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return operand == 1;
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        TensorType weight = at.operandType(0);
        int count = at.operandType(1).shape().elements();
        T rows = Reshape.reshape(ops, at.gradient(), weight.shape().with(0, count));
        T index = Reshape.reshape(ops, at.operand(1), Shape.of(count));
        return ops.apply(new IndexAdd(0, padding), List.of(Overwrite.zeros(ops, weight), index, rows));
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;

/**
 * The operand laid into zeros along one dimension: the gradient of {@link Select} and {@link Slice}.
 *
 * @param shape the shape of the result
 * @param dimension the dimension along which the result is longer
 * @param start the index in the result of the operand's first element
 * @param step the distance in the result of the operand's elements
 */
public record Embed(Shape shape, int dimension, int start, int step) implements Assembly {
    /** The operand laid into zeros. */
    public static <T> T embed(Ops<T> ops, T operand, Shape shape, int dimension, int start, int step) {
        return ops.apply(new Embed(shape, dimension, start, step), operand);
    }

    @Override
    public String gradientName() {
        return "SliceBackwardBackward";
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        return new TensorType(operands.get(0).dtype(), shape);
    }

    @Override
    public Layout place(int operand, List<TensorType> operands, Layout result) {
        return result.slice(dimension, start, operands.get(0).shape().size(dimension), step);
    }

    @Override
    public boolean covers() {
        return false;
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        int length = at.operandType(0).shape().size(dimension);
        return Slice.slice(at.ops(), at.gradient(), dimension, start, length, step);
    }
}

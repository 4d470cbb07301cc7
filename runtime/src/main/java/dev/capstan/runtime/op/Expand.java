// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.Optional;

/**
 * Stretched to a larger shape without copying: new leading dimensions, and sizes of 1 repeated.
 *
 * @param shape the larger shape
 */
public record Expand(Shape shape) implements View {
    /** The operand stretched. */
    public static <T> T expand(Ops<T> ops, T operand, Shape shape) {
        return ops.type(operand).shape().equals(shape) ? operand : ops.apply(new Expand(shape), operand);
    }

    @Override
    public Optional<Layout> view(Layout operand) {
        boolean fits = operand.shape().rank() <= shape.rank();
        for (int i = 1; fits && i <= operand.shape().rank(); i++) {
            int size = operand.shape().size(operand.shape().rank() - i);
            fits = size == 1 || size == shape.size(shape.rank() - i);
        }
        if (!fits) {
            throw new CapstanException(name(), "only sizes of 1 stretch", operand.shape() + " to " + shape);
        }
        return Optional.of(operand.expand(shape));
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        return Sum.sumTo(at.ops(), at.gradient(), at.operandType(0).shape());
    }
}

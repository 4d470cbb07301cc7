// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.Optional;

/**
 * The same elements in row-major order under another shape.
 *
 * @param shape the new shape, with as many elements
 */
public record Reshape(Shape shape) implements View {
    /** The operand under another shape. */
    public static <T> T reshape(Ops<T> ops, T operand, Shape shape) {
        return ops.type(operand).shape().equals(shape) ? operand : ops.apply(new Reshape(shape), operand);
    }

    @Override
    public String gradientName() {
        return "ViewBackward";
    }

    @Override
    public Optional<Layout> view(Layout operand) {
        if (operand.shape().elements() != shape.elements()) {
            throw new CapstanException(name(), "number of elements differs", operand.shape() + " to " + shape);
        }
        return operand.reshape(shape);
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        return reshape(at.ops(), at.gradient(), at.operandType(0).shape());
    }
}

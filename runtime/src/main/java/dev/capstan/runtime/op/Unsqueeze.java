// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.Optional;

/**
 * A dimension of size 1 inserted.
 *
 * @param dimension its place in the result, negative from the end
 */
public record Unsqueeze(int dimension) implements View {
    /** A dimension of size 1 inserted. */
    public static <T> T unsqueeze(Ops<T> ops, T operand, int dimension) {
        return ops.apply(new Unsqueeze(dimension), operand);
    }

    @Override
    public Optional<Layout> view(Layout operand) {
        return Optional.of(operand.unsqueeze(place(operand.shape())));
    }

    private int place(Shape shape) {
        int rank = shape.rank() + 1;
        if (dimension < -rank || dimension >= rank) {
            throw new CapstanException(name(), "dimension out of range", dimension + " for " + shape);
        }
        return dimension < 0 ? dimension + rank : dimension;
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        return Squeeze.squeeze(at.ops(), at.gradient(), place(at.operandType(0).shape()));
    }
}

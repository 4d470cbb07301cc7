// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.Optional;

/**
 * One dimension fixed at an index and removed.
 *
 * @param dimension the dimension, negative from the end
 * @param index the index, negative from the end
 */
public record Select(int dimension, int index) implements View {
    /** One dimension fixed at an index. */
    public static <T> T select(Ops<T> ops, T operand, int dimension, int index) {
        return ops.apply(new Select(dimension, index), operand);
    }

    @Override
    public Optional<Layout> view(Layout operand) {
        Shape shape = operand.shape();
        if (shape.rank() == 0) {
            throw new CapstanException(name(), "a 0-d tensor has no dimension to select from", shape.toString());
        }
        int at = shape.dimension(name(), dimension);
        int size = shape.size(at);
        if (index < -size || index >= size) {
            throw new CapstanException(name(), "index out of range", index + " for dimension " + at + " of " + shape);
        }
        return Optional.of(operand.select(at, index < 0 ? index + size : index));
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Shape shape = at.operandType(0).shape();
        int where = shape.dimension(name(), dimension);
        int start = index < 0 ? index + shape.size(where) : index;
        T piece = Unsqueeze.unsqueeze(at.ops(), at.gradient(), where);
        return Embed.embed(at.ops(), piece, shape, where, start, 1);
    }
}

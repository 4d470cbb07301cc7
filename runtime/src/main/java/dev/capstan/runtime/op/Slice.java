// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.Optional;

/**
 * Part of one dimension: {@code start, start + step, ...}.
 *
 * @param dimension the dimension, negative from the end
 * @param start the first index
 * @param length how many
 * @param step the distance, at least 1
 */
public record Slice(int dimension, int start, int length, int step) implements View {
    /** Part of one dimension. */
    public static <T> T slice(Ops<T> ops, T operand, int dimension, int start, int length, int step) {
        return ops.apply(new Slice(dimension, start, length, step), operand);
    }

    @Override
    public Optional<Layout> view(Layout operand) {
        Shape shape = operand.shape();
        if (shape.rank() == 0) {
            throw new CapstanException(name(), "a 0-d tensor has no dimension to slice", shape.toString());
        }
        int at = shape.dimension(name(), dimension);
        boolean inside = start >= 0 && length >= 0 && step >= 1 && start <= shape.size(at);
        if (!inside || length > 0 && start + (length - 1L) * step >= shape.size(at)) {
            throw new CapstanException(
                    name(),
                    "range out of bounds",
                    "start " + start + ", length " + length + ", step " + step + " for dimension " + at + " of "
                            + shape);
        }
        return Optional.of(operand.slice(at, start, length, step));
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Shape shape = at.operandType(0).shape();
        int where = shape.dimension(name(), dimension);
        return Embed.embed(at.ops(), at.gradient(), shape, where, start, step);
    }
}

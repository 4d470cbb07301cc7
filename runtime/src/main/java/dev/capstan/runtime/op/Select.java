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
    private static final int KNOWN_DIMENSIONS = 4;
    private static final int KNOWN_INDICES = 256;
    private static final Select[] KNOWN = new Select[KNOWN_DIMENSIONS * KNOWN_INDICES];

    static {
        for (int i = 0; i < KNOWN.length; i++) {
            KNOWN[i] = new Select(i / KNOWN_INDICES, i % KNOWN_INDICES);
        }
    }

    /** One dimension fixed at an index. */
    public static <T> T select(Ops<T> ops, T operand, int dimension, int index) {
        return ops.apply(of(dimension, index), operand);
    }

    /** Small ones are always the same objects: loops over time make them in every call, and finding them again compares them. */
    private static Select of(int dimension, int index) {
        return dimension >= 0 && dimension < KNOWN_DIMENSIONS && index >= 0 && index < KNOWN_INDICES
                ? KNOWN[dimension * KNOWN_INDICES + index]
                : new Select(dimension, index);
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

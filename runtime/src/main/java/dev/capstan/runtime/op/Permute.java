// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Dimensions in another order: dimension i of the result is dimension {@code order[i]} of the operand.
 *
 * @param order each dimension once
 */
public record Permute(List<Integer> order) implements View {
    /** Copies the order. */
    public Permute {
        order = List.copyOf(order);
    }

    /** Dimensions in another order. */
    public static <T> T permute(Ops<T> ops, T operand, List<Integer> order) {
        return ops.apply(new Permute(order), operand);
    }

    @Override
    public Optional<Layout> view(Layout operand) {
        return Optional.of(operand.permute(indices(operand.shape())));
    }

    private int[] indices(Shape shape) {
        int[] indices = order.stream().mapToInt(d -> shape.dimension(name(), d)).toArray();
        if (indices.length != shape.rank() || Arrays.stream(indices).distinct().count() != indices.length) {
            throw new CapstanException(name(), "the order does not name each dimension once", order + " for " + shape);
        }
        return indices;
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        int[] indices = indices(at.operandType(0).shape());
        Integer[] inverse = new Integer[indices.length];
        for (int i = 0; i < indices.length; i++) {
            inverse[indices[i]] = i;
        }
        return permute(at.ops(), at.gradient(), List.of(inverse));
    }
}

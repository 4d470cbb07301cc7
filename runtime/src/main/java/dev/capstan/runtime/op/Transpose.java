// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.Layout;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Two dimensions exchanged.
 *
 * @param first a dimension, negative from the end
 * @param second the other
 */
public record Transpose(int first, int second) implements View {
    /** Two dimensions exchanged. */
    public static <T> T transpose(Ops<T> ops, T operand, int first, int second) {
        return ops.apply(new Transpose(first, second), operand);
    }

    @Override
    public Optional<Layout> view(Layout operand) {
        int a = operand.shape().dimension(name(), first);
        int b = operand.shape().dimension(name(), second);
        int[] order = IntStream.range(0, operand.shape().rank())
                .map(i -> i == a ? b : i == b ? a : i)
                .toArray();
        return Optional.of(operand.permute(order));
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        return transpose(at.ops(), at.gradient(), first, second);
    }
}

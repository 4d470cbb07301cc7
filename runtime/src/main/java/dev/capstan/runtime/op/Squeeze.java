// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.Layout;
import java.util.Optional;

/**
 * One dimension removed if its size is 1, else the operand itself.
 *
 * @param dimension the dimension, negative from the end
 */
public record Squeeze(int dimension) implements View {
    /** A dimension of size 1 removed. */
    public static <T> T squeeze(Ops<T> ops, T operand, int dimension) {
        return ops.apply(new Squeeze(dimension), operand);
    }

    @Override
    public Optional<Layout> view(Layout operand) {
        int at = operand.shape().dimension(name(), dimension);
        boolean single = operand.shape().rank() > 0 && operand.shape().size(at) == 1;
        return Optional.of(single ? operand.squeeze(at) : operand);
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        return Reshape.reshape(at.ops(), at.gradient(), at.operandType(0).shape());
    }
}

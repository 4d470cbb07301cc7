// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import java.util.Optional;

/**
 * The indices of the largest elements as int64: of the first one where several are equal, of NaN where there is one.
 *
 * @param dimension the dimension along which to look, negative from the end; empty for the index among all elements
 * @param keepDimensions true to keep the dimension with size 1, all of them if it is empty
 */
public record Argmax(Optional<Integer> dimension, boolean keepDimensions) implements Choice {
    /** The indices of the largest elements. */
    public static <T> T argmax(Ops<T> ops, T operand, Optional<Integer> dimension, boolean keepDimensions) {
        return ops.apply(new Argmax(dimension, keepDimensions), operand);
    }

    @Override
    public <T> T chosen(Ops<T> ops, T operand, int along) {
        return Amax.amax(ops, operand, java.util.List.of(along), true);
    }
}

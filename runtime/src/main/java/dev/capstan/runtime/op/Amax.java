// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Primitive;
import java.util.List;

/**
 * The largest elements along some dimensions; NaN where there is one. Equal ones share the gradient equally.
 *
 * @param dimensions the dimensions, all if empty
 * @param keepDimensions true to keep them with size 1
 */
public record Amax(List<Integer> dimensions, boolean keepDimensions) implements Extremum {
    /** Copies the dimensions. */
    public Amax {
        dimensions = List.copyOf(dimensions);
    }

    /** The largest elements along dimensions. */
    public static <T> T amax(Ops<T> ops, T operand, List<Integer> dimensions, boolean keepDimensions) {
        return ops.apply(new Amax(dimensions, keepDimensions), operand);
    }

    @Override
    public Primitive choice() {
        return Primitive.MAX;
    }
}

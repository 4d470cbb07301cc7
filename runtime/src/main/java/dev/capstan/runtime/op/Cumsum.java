// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

/**
 * The sums of the elements up to each one along a dimension; bool and integral elements are added as int64.
 *
 * @param dimension the dimension, negative from the end
 * @param descends true for the sums from each element on
 */
public record Cumsum(int dimension, boolean descends) implements Scan {
    /** The sums up to each element. */
    public static <T> T cumsum(Ops<T> ops, T operand, int dimension) {
        return ops.apply(new Cumsum(dimension, false), operand);
    }

    /** An element is part of all sums from its own on. */
    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        return at.ops().apply(new Cumsum(dimension, !descends), at.gradient());
    }
}

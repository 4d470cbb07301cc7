// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

/**
 * Matrices with zeros above a diagonal.
 *
 * @param diagonal 0 for the main one, 1 for the one above it
 */
public record Tril(int diagonal) implements Triangle {
    /** Matrices with zeros above a diagonal. */
    public static <T> T tril(Ops<T> ops, T operand, int diagonal) {
        return ops.apply(new Tril(diagonal), operand);
    }

    @Override
    public <T> T staying(Ops<T> ops, T column, T bound) {
        return Le.le(ops, column, bound);
    }
}

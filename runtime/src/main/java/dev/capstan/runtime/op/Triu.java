// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

/**
 * Matrices with zeros below a diagonal.
 *
 * @param diagonal 0 for the main one, 1 for the one above it
 */
public record Triu(int diagonal) implements Triangle {
    /** Matrices with zeros below a diagonal. */
    public static <T> T triu(Ops<T> ops, T operand, int diagonal) {
        return ops.apply(new Triu(diagonal), operand);
    }

    @Override
    public <T> T staying(Ops<T> ops, T column, T bound) {
        return Ge.ge(ops, column, bound);
    }
}

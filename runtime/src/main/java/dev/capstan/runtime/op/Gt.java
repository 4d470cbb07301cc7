// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Primitive;

/** {@code a > b}. */
public record Gt() implements Comparison {
    private static final Gt INSTANCE = new Gt();

    /** {@code a > b}. */
    public static <T> T gt(Ops<T> ops, T left, T right) {
        return ops.apply(INSTANCE, left, right);
    }

    @Override
    public Primitive primitive() {
        return Primitive.GT;
    }
}

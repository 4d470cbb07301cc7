// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Primitive;

/** {@code a == b}. */
public record Eq() implements Comparison {
    private static final Eq INSTANCE = new Eq();

    /** {@code a == b}. */
    public static <T> T eq(Ops<T> ops, T left, T right) {
        return ops.apply(INSTANCE, left, right);
    }

    @Override
    public Primitive primitive() {
        return Primitive.EQ;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Primitive;

/** {@code a >= b}. */
public record Ge() implements Comparison {
    private static final Ge INSTANCE = new Ge();

    /** {@code a >= b}. */
    public static <T> T ge(Ops<T> ops, T left, T right) {
        return ops.apply(INSTANCE, left, right);
    }

    @Override
    public Primitive primitive() {
        return Primitive.GE;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Primitive;

/** {@code a <= b}. */
public record Le() implements Comparison {
    private static final Le INSTANCE = new Le();

    /** {@code a <= b}. */
    public static <T> T le(Ops<T> ops, T left, T right) {
        return ops.apply(INSTANCE, left, right);
    }

    @Override
    public Primitive primitive() {
        return Primitive.LE;
    }
}

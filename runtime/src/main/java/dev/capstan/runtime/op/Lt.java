// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Primitive;

/** {@code a < b}. */
public record Lt() implements Comparison {
    private static final Lt INSTANCE = new Lt();

    /** {@code a < b}. */
    public static <T> T lt(Ops<T> ops, T left, T right) {
        return ops.apply(INSTANCE, left, right);
    }

    @Override
    public Primitive primitive() {
        return Primitive.LT;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.kernel.Primitive;

/** The fold of integral and bool values, whose order does not matter: everything wraps around modulo 2^64 or less. */
final class IntegralFold extends Fold {
    private final Primitive combine;
    private final long identity;
    private long result;

    IntegralFold(Primitive combine, long identity) {
        this.combine = combine;
        this.identity = identity;
    }

    @Override
    void begin() {
        result = identity;
    }

    @Override
    void accumulate(Object values, int offset, int count) {
        long sum = result;
        if (values instanceof long[] longs) {
            for (int i = 0; i < count; i++) {
                sum = combined(sum, longs[offset + i]);
            }
        } else if (values instanceof int[] ints) {
            for (int i = 0; i < count; i++) {
                sum = combined(sum, ints[offset + i]);
            }
        } else {
            byte[] bytes = (byte[]) values;
            for (int i = 0; i < count; i++) {
                sum = combined(sum, bytes[offset + i] & 0xff);
            }
        }
        result = sum;
    }

    private long combined(long a, long b) {
        return switch (combine) {
            case ADD -> a + b;
            case MUL -> a * b;
            case MIN -> Math.min(a, b);
            case MAX -> Math.max(a, b);
            case AND -> a & b;
            default -> a | b;
        };
    }

    @Override
    void endBlock() {}

    @Override
    void end(Object target, int position) {
        if (target instanceof long[] longs) {
            longs[position] = result;
        } else if (target instanceof int[] ints) {
            ints[position] = (int) result;
        } else {
            ((byte[]) target)[position] = (byte) result;
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.kernel.Primitive;

/**
 * The steps of kernels on int64 as plain loops over {@code long[]}.
 * One loop per method and one index for all arrays: that is the form which C2 turns into vector code on every JDK.
 */
final class LongLoops {
    private LongLoops() {}

    /** Computes elements {@code from} to {@code to} (exclusive) of a step; arrays it does not need are not looked at. */
    static void run(Primitive primitive, Object a, Object b, Object c, Object out, int from, int to) {
        switch (primitive) {
            case ADD -> add((long[]) a, (long[]) b, (long[]) out, from, to);
            case SUB -> subtract((long[]) a, (long[]) b, (long[]) out, from, to);
            case MUL -> multiply((long[]) a, (long[]) b, (long[]) out, from, to);
            case MIN -> minimum((long[]) a, (long[]) b, (long[]) out, from, to);
            case MAX -> maximum((long[]) a, (long[]) b, (long[]) out, from, to);
            case NEG -> negate((long[]) a, (long[]) out, from, to);
            case ABS -> absolute((long[]) a, (long[]) out, from, to);
            case AND -> and((long[]) a, (long[]) b, (long[]) out, from, to);
            case OR -> or((long[]) a, (long[]) b, (long[]) out, from, to);
            case XOR -> xor((long[]) a, (long[]) b, (long[]) out, from, to);
            case SHIFT_LEFT -> shiftLeft((long[]) a, (long[]) b, (long[]) out, from, to);
            case SHIFT_RIGHT -> shiftRight((long[]) a, (long[]) b, (long[]) out, from, to);
            case SELECT -> select((byte[]) a, (long[]) b, (long[]) c, (long[]) out, from, to);
            case EQ -> equal((long[]) a, (long[]) b, (byte[]) out, from, to);
            case NE -> notEqual((long[]) a, (long[]) b, (byte[]) out, from, to);
            case LT -> less((long[]) a, (long[]) b, (byte[]) out, from, to);
            case LE -> lessOrEqual((long[]) a, (long[]) b, (byte[]) out, from, to);
            case GT -> greater((long[]) a, (long[]) b, (byte[]) out, from, to);
            case GE -> greaterOrEqual((long[]) a, (long[]) b, (byte[]) out, from, to);
            default -> throw new IllegalArgumentException("no long loop for " + primitive);
        }
    }

    private static void add(long[] a, long[] b, long[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] + b[i];
        }
    }

    private static void subtract(long[] a, long[] b, long[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] - b[i];
        }
    }

    private static void multiply(long[] a, long[] b, long[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] * b[i];
        }
    }

    private static void minimum(long[] a, long[] b, long[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = Math.min(a[i], b[i]);
        }
    }

    private static void maximum(long[] a, long[] b, long[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = Math.max(a[i], b[i]);
        }
    }

    private static void negate(long[] a, long[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = -a[i];
        }
    }

    private static void absolute(long[] a, long[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = Math.abs(a[i]);
        }
    }

    private static void and(long[] a, long[] b, long[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] & b[i];
        }
    }

    private static void or(long[] a, long[] b, long[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] | b[i];
        }
    }

    private static void xor(long[] a, long[] b, long[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] ^ b[i];
        }
    }

    private static void shiftLeft(long[] a, long[] b, long[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] << b[i];
        }
    }

    private static void shiftRight(long[] a, long[] b, long[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] >> b[i];
        }
    }

    private static void select(byte[] a, long[] b, long[] c, long[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] != 0 ? b[i] : c[i];
        }
    }

    private static void equal(long[] a, long[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] == b[i] ? 1 : 0);
        }
    }

    private static void notEqual(long[] a, long[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] != b[i] ? 1 : 0);
        }
    }

    private static void less(long[] a, long[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] < b[i] ? 1 : 0);
        }
    }

    private static void lessOrEqual(long[] a, long[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] <= b[i] ? 1 : 0);
        }
    }

    private static void greater(long[] a, long[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] > b[i] ? 1 : 0);
        }
    }

    private static void greaterOrEqual(long[] a, long[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] >= b[i] ? 1 : 0);
        }
    }
}

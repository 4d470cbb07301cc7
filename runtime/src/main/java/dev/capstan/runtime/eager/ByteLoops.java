// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.kernel.Primitive;

/**
 * The steps of kernels on uint8, and on bool as 0 and 1, as plain loops over {@code byte[]}.
 * One loop per method and one index for all arrays: that is the form which C2 turns into vector code on every JDK.
 */
final class ByteLoops {
    private ByteLoops() {}

    /** Computes elements {@code from} to {@code to} (exclusive) of a step; arrays it does not need are not looked at. */
    static void run(Primitive primitive, Object a, Object b, Object c, Object out, int from, int to) {
        switch (primitive) {
            case ADD -> add((byte[]) a, (byte[]) b, (byte[]) out, from, to);
            case SUB -> subtract((byte[]) a, (byte[]) b, (byte[]) out, from, to);
            case MUL -> multiply((byte[]) a, (byte[]) b, (byte[]) out, from, to);
            case MIN -> minimum((byte[]) a, (byte[]) b, (byte[]) out, from, to);
            case MAX -> maximum((byte[]) a, (byte[]) b, (byte[]) out, from, to);
            case NEG -> negate((byte[]) a, (byte[]) out, from, to);
            case ABS -> absolute((byte[]) a, (byte[]) out, from, to);
            case AND -> and((byte[]) a, (byte[]) b, (byte[]) out, from, to);
            case OR -> or((byte[]) a, (byte[]) b, (byte[]) out, from, to);
            case XOR -> xor((byte[]) a, (byte[]) b, (byte[]) out, from, to);
            case SELECT -> select((byte[]) a, (byte[]) b, (byte[]) c, (byte[]) out, from, to);
            case EQ -> equal((byte[]) a, (byte[]) b, (byte[]) out, from, to);
            case NE -> notEqual((byte[]) a, (byte[]) b, (byte[]) out, from, to);
            case LT -> less((byte[]) a, (byte[]) b, (byte[]) out, from, to);
            case LE -> lessOrEqual((byte[]) a, (byte[]) b, (byte[]) out, from, to);
            case GT -> greater((byte[]) a, (byte[]) b, (byte[]) out, from, to);
            case GE -> greaterOrEqual((byte[]) a, (byte[]) b, (byte[]) out, from, to);
            default -> throw new IllegalArgumentException("no byte loop for " + primitive);
        }
    }

    private static void add(byte[] a, byte[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] + b[i]);
        }
    }

    private static void subtract(byte[] a, byte[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] - b[i]);
        }
    }

    private static void multiply(byte[] a, byte[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] * b[i]);
        }
    }

    private static void minimum(byte[] a, byte[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (Math.min(a[i] & 0xff, b[i] & 0xff));
        }
    }

    private static void maximum(byte[] a, byte[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (Math.max(a[i] & 0xff, b[i] & 0xff));
        }
    }

    private static void negate(byte[] a, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (-a[i]);
        }
    }

    private static void absolute(byte[] a, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i];
        }
    }

    private static void and(byte[] a, byte[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] & b[i]);
        }
    }

    private static void or(byte[] a, byte[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] | b[i]);
        }
    }

    private static void xor(byte[] a, byte[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] ^ b[i]);
        }
    }

    private static void select(byte[] a, byte[] b, byte[] c, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] != 0 ? b[i] : c[i];
        }
    }

    private static void equal(byte[] a, byte[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] == b[i] ? 1 : 0);
        }
    }

    private static void notEqual(byte[] a, byte[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] != b[i] ? 1 : 0);
        }
    }

    private static void less(byte[] a, byte[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) ((a[i] & 0xff) < (b[i] & 0xff) ? 1 : 0);
        }
    }

    private static void lessOrEqual(byte[] a, byte[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) ((a[i] & 0xff) <= (b[i] & 0xff) ? 1 : 0);
        }
    }

    private static void greater(byte[] a, byte[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) ((a[i] & 0xff) > (b[i] & 0xff) ? 1 : 0);
        }
    }

    private static void greaterOrEqual(byte[] a, byte[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) ((a[i] & 0xff) >= (b[i] & 0xff) ? 1 : 0);
        }
    }
}

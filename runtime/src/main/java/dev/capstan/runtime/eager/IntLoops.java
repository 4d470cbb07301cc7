// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.kernel.Primitive;

/**
 * The steps of kernels on int32 as plain loops over {@code int[]}.
 * One loop per method and one index for all arrays: that is the form which C2 turns into vector code on every JDK.
 */
final class IntLoops {
    private IntLoops() {}

    /** Computes elements {@code from} to {@code to} (exclusive) of a step; arrays it does not need are not looked at. */
    static void run(Primitive primitive, Object a, Object b, Object c, Object out, int from, int to) {
        switch (primitive) {
            case ADD -> add((int[]) a, (int[]) b, (int[]) out, from, to);
            case SUB -> subtract((int[]) a, (int[]) b, (int[]) out, from, to);
            case MUL -> multiply((int[]) a, (int[]) b, (int[]) out, from, to);
            case MIN -> minimum((int[]) a, (int[]) b, (int[]) out, from, to);
            case MAX -> maximum((int[]) a, (int[]) b, (int[]) out, from, to);
            case NEG -> negate((int[]) a, (int[]) out, from, to);
            case ABS -> absolute((int[]) a, (int[]) out, from, to);
            case AND -> and((int[]) a, (int[]) b, (int[]) out, from, to);
            case OR -> or((int[]) a, (int[]) b, (int[]) out, from, to);
            case XOR -> xor((int[]) a, (int[]) b, (int[]) out, from, to);
            case SHIFT_LEFT -> shiftLeft((int[]) a, (int[]) b, (int[]) out, from, to);
            case SHIFT_RIGHT -> shiftRight((int[]) a, (int[]) b, (int[]) out, from, to);
            case SELECT -> select((byte[]) a, (int[]) b, (int[]) c, (int[]) out, from, to);
            case EQ -> equal((int[]) a, (int[]) b, (byte[]) out, from, to);
            case NE -> notEqual((int[]) a, (int[]) b, (byte[]) out, from, to);
            case LT -> less((int[]) a, (int[]) b, (byte[]) out, from, to);
            case LE -> lessOrEqual((int[]) a, (int[]) b, (byte[]) out, from, to);
            case GT -> greater((int[]) a, (int[]) b, (byte[]) out, from, to);
            case GE -> greaterOrEqual((int[]) a, (int[]) b, (byte[]) out, from, to);
            default -> throw new IllegalArgumentException("no int loop for " + primitive);
        }
    }

    private static void add(int[] a, int[] b, int[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] + b[i];
        }
    }

    private static void subtract(int[] a, int[] b, int[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] - b[i];
        }
    }

    private static void multiply(int[] a, int[] b, int[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] * b[i];
        }
    }

    private static void minimum(int[] a, int[] b, int[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = Math.min(a[i], b[i]);
        }
    }

    private static void maximum(int[] a, int[] b, int[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = Math.max(a[i], b[i]);
        }
    }

    private static void negate(int[] a, int[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = -a[i];
        }
    }

    private static void absolute(int[] a, int[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = Math.abs(a[i]);
        }
    }

    private static void and(int[] a, int[] b, int[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] & b[i];
        }
    }

    private static void or(int[] a, int[] b, int[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] | b[i];
        }
    }

    private static void xor(int[] a, int[] b, int[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] ^ b[i];
        }
    }

    private static void shiftLeft(int[] a, int[] b, int[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] << b[i];
        }
    }

    private static void shiftRight(int[] a, int[] b, int[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] >> b[i];
        }
    }

    private static void select(byte[] a, int[] b, int[] c, int[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] != 0 ? b[i] : c[i];
        }
    }

    private static void equal(int[] a, int[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] == b[i] ? 1 : 0);
        }
    }

    private static void notEqual(int[] a, int[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] != b[i] ? 1 : 0);
        }
    }

    private static void less(int[] a, int[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] < b[i] ? 1 : 0);
        }
    }

    private static void lessOrEqual(int[] a, int[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] <= b[i] ? 1 : 0);
        }
    }

    private static void greater(int[] a, int[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] > b[i] ? 1 : 0);
        }
    }

    private static void greaterOrEqual(int[] a, int[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] >= b[i] ? 1 : 0);
        }
    }
}

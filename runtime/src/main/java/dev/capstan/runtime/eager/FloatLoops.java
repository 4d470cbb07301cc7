// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.kernel.Primitive;

/**
 * The steps of kernels on float32 as plain loops over {@code float[]}.
 * One loop per method and one index for all arrays: that is the form which C2 turns into vector code on every JDK.
 */
final class FloatLoops {
    private FloatLoops() {}

    /** Computes elements {@code from} to {@code to} (exclusive) of a step; arrays it does not need are not looked at. */
    static void run(Primitive primitive, Object a, Object b, Object c, Object out, int from, int to) {
        switch (primitive) {
            case ADD -> add((float[]) a, (float[]) b, (float[]) out, from, to);
            case SUB -> subtract((float[]) a, (float[]) b, (float[]) out, from, to);
            case MUL -> multiply((float[]) a, (float[]) b, (float[]) out, from, to);
            case DIV -> divide((float[]) a, (float[]) b, (float[]) out, from, to);
            case MIN -> minimum((float[]) a, (float[]) b, (float[]) out, from, to);
            case MAX -> maximum((float[]) a, (float[]) b, (float[]) out, from, to);
            case NEG -> negate((float[]) a, (float[]) out, from, to);
            case ABS -> absolute((float[]) a, (float[]) out, from, to);
            case SQRT -> squareRoot((float[]) a, (float[]) out, from, to);
            case FMA -> multiplyAdd((float[]) a, (float[]) b, (float[]) c, (float[]) out, from, to);
            case SELECT -> select((byte[]) a, (float[]) b, (float[]) c, (float[]) out, from, to);
            case EQ -> equal((float[]) a, (float[]) b, (byte[]) out, from, to);
            case NE -> notEqual((float[]) a, (float[]) b, (byte[]) out, from, to);
            case LT -> less((float[]) a, (float[]) b, (byte[]) out, from, to);
            case LE -> lessOrEqual((float[]) a, (float[]) b, (byte[]) out, from, to);
            case GT -> greater((float[]) a, (float[]) b, (byte[]) out, from, to);
            case GE -> greaterOrEqual((float[]) a, (float[]) b, (byte[]) out, from, to);
            default -> throw new IllegalArgumentException("no float loop for " + primitive);
        }
    }

    private static void add(float[] a, float[] b, float[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] + b[i];
        }
    }

    private static void subtract(float[] a, float[] b, float[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] - b[i];
        }
    }

    private static void multiply(float[] a, float[] b, float[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] * b[i];
        }
    }

    private static void divide(float[] a, float[] b, float[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] / b[i];
        }
    }

    private static void minimum(float[] a, float[] b, float[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = Math.min(a[i], b[i]);
        }
    }

    private static void maximum(float[] a, float[] b, float[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = Math.max(a[i], b[i]);
        }
    }

    private static void negate(float[] a, float[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = -a[i];
        }
    }

    private static void absolute(float[] a, float[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = Math.abs(a[i]);
        }
    }

    private static void squareRoot(float[] a, float[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (float) Math.sqrt(a[i]);
        }
    }

    private static void multiplyAdd(float[] a, float[] b, float[] c, float[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = Math.fma(a[i], b[i], c[i]);
        }
    }

    private static void select(byte[] a, float[] b, float[] c, float[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] != 0 ? b[i] : c[i];
        }
    }

    private static void equal(float[] a, float[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] == b[i] ? 1 : 0);
        }
    }

    private static void notEqual(float[] a, float[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] != b[i] ? 1 : 0);
        }
    }

    private static void less(float[] a, float[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] < b[i] ? 1 : 0);
        }
    }

    private static void lessOrEqual(float[] a, float[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] <= b[i] ? 1 : 0);
        }
    }

    private static void greater(float[] a, float[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] > b[i] ? 1 : 0);
        }
    }

    private static void greaterOrEqual(float[] a, float[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] >= b[i] ? 1 : 0);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.kernel.Primitive;

/**
 * The steps of kernels on float64 as plain loops over {@code double[]}.
 * One loop per method and one index for all arrays: that is the form which C2 turns into vector code on every JDK.
 */
final class DoubleLoops {
    private DoubleLoops() {}

    /** Computes elements {@code from} to {@code to} (exclusive) of a step; arrays it does not need are not looked at. */
    static void run(Primitive primitive, Object a, Object b, Object c, Object out, int from, int to) {
        switch (primitive) {
            case ADD -> add((double[]) a, (double[]) b, (double[]) out, from, to);
            case SUB -> subtract((double[]) a, (double[]) b, (double[]) out, from, to);
            case MUL -> multiply((double[]) a, (double[]) b, (double[]) out, from, to);
            case DIV -> divide((double[]) a, (double[]) b, (double[]) out, from, to);
            case MIN -> minimum((double[]) a, (double[]) b, (double[]) out, from, to);
            case MAX -> maximum((double[]) a, (double[]) b, (double[]) out, from, to);
            case NEG -> negate((double[]) a, (double[]) out, from, to);
            case ABS -> absolute((double[]) a, (double[]) out, from, to);
            case SQRT -> squareRoot((double[]) a, (double[]) out, from, to);
            case FMA -> multiplyAdd((double[]) a, (double[]) b, (double[]) c, (double[]) out, from, to);
            case SELECT -> select((byte[]) a, (double[]) b, (double[]) c, (double[]) out, from, to);
            case EQ -> equal((double[]) a, (double[]) b, (byte[]) out, from, to);
            case NE -> notEqual((double[]) a, (double[]) b, (byte[]) out, from, to);
            case LT -> less((double[]) a, (double[]) b, (byte[]) out, from, to);
            case LE -> lessOrEqual((double[]) a, (double[]) b, (byte[]) out, from, to);
            case GT -> greater((double[]) a, (double[]) b, (byte[]) out, from, to);
            case GE -> greaterOrEqual((double[]) a, (double[]) b, (byte[]) out, from, to);
            default -> throw new IllegalArgumentException("no double loop for " + primitive);
        }
    }

    private static void add(double[] a, double[] b, double[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] + b[i];
        }
    }

    private static void subtract(double[] a, double[] b, double[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] - b[i];
        }
    }

    private static void multiply(double[] a, double[] b, double[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] * b[i];
        }
    }

    private static void divide(double[] a, double[] b, double[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] / b[i];
        }
    }

    private static void minimum(double[] a, double[] b, double[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = Math.min(a[i], b[i]);
        }
    }

    private static void maximum(double[] a, double[] b, double[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = Math.max(a[i], b[i]);
        }
    }

    private static void negate(double[] a, double[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = -a[i];
        }
    }

    private static void absolute(double[] a, double[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = Math.abs(a[i]);
        }
    }

    private static void squareRoot(double[] a, double[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = Math.sqrt(a[i]);
        }
    }

    private static void multiplyAdd(double[] a, double[] b, double[] c, double[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = Math.fma(a[i], b[i], c[i]);
        }
    }

    private static void select(byte[] a, double[] b, double[] c, double[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] != 0 ? b[i] : c[i];
        }
    }

    private static void equal(double[] a, double[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] == b[i] ? 1 : 0);
        }
    }

    private static void notEqual(double[] a, double[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] != b[i] ? 1 : 0);
        }
    }

    private static void less(double[] a, double[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] < b[i] ? 1 : 0);
        }
    }

    private static void lessOrEqual(double[] a, double[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] <= b[i] ? 1 : 0);
        }
    }

    private static void greater(double[] a, double[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] > b[i] ? 1 : 0);
        }
    }

    private static void greaterOrEqual(double[] a, double[] b, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] >= b[i] ? 1 : 0);
        }
    }
}

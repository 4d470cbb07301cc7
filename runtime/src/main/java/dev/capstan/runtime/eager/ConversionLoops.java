// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.type.DType;

/**
 * Conversions between element types as plain loops. They are Java's casts: to integers toward zero and saturating, NaN
 * to 0; a floating value becomes uint8 by way of int; bool is {@code a != 0}.
 */
final class ConversionLoops {
    private ConversionLoops() {}

    /** Converts elements {@code from} to {@code to} (exclusive). */
    static void cast(DType source, Object a, DType target, Object out, int from, int to) {
        switch (source) {
            case FLOAT32 -> fromFloat((float[]) a, target, out, from, to);
            case FLOAT64 -> fromDouble((double[]) a, target, out, from, to);
            case INT64 -> fromLong((long[]) a, target, out, from, to);
            case INT32 -> fromInt((int[]) a, target, out, from, to);
            case UINT8 -> fromByte((byte[]) a, target, out, from, to);
            case BOOL -> fromBool((byte[]) a, target, out, from, to);
        }
    }

    /** Copies the bits of elements {@code from} to {@code to} (exclusive) into the other type of equal width. */
    static void reinterpret(DType target, Object a, Object out, int from, int to) {
        switch (target) {
            case FLOAT32 -> intBitsToFloat((int[]) a, (float[]) out, from, to);
            case FLOAT64 -> longBitsToDouble((long[]) a, (double[]) out, from, to);
            case INT32 -> floatToIntBits((float[]) a, (int[]) out, from, to);
            case INT64 -> doubleToLongBits((double[]) a, (long[]) out, from, to);
            default -> throw new IllegalArgumentException("no type of equal width: " + target);
        }
    }

    private static void fromFloat(float[] a, DType target, Object out, int from, int to) {
        switch (target) {
            case FLOAT32 -> System.arraycopy(a, from, out, from, to - from);
            case FLOAT64 -> floatToDouble(a, (double[]) out, from, to);
            case INT64 -> floatToLong(a, (long[]) out, from, to);
            case INT32 -> floatToInt(a, (int[]) out, from, to);
            case UINT8 -> floatToByte(a, (byte[]) out, from, to);
            case BOOL -> floatToBool(a, (byte[]) out, from, to);
        }
    }

    private static void fromDouble(double[] a, DType target, Object out, int from, int to) {
        switch (target) {
            case FLOAT32 -> doubleToFloat(a, (float[]) out, from, to);
            case FLOAT64 -> System.arraycopy(a, from, out, from, to - from);
            case INT64 -> doubleToLong(a, (long[]) out, from, to);
            case INT32 -> doubleToInt(a, (int[]) out, from, to);
            case UINT8 -> doubleToByte(a, (byte[]) out, from, to);
            case BOOL -> doubleToBool(a, (byte[]) out, from, to);
        }
    }

    private static void fromLong(long[] a, DType target, Object out, int from, int to) {
        switch (target) {
            case FLOAT32 -> longToFloat(a, (float[]) out, from, to);
            case FLOAT64 -> longToDouble(a, (double[]) out, from, to);
            case INT64 -> System.arraycopy(a, from, out, from, to - from);
            case INT32 -> longToInt(a, (int[]) out, from, to);
            case UINT8 -> longToByte(a, (byte[]) out, from, to);
            case BOOL -> longToBool(a, (byte[]) out, from, to);
        }
    }

    private static void fromInt(int[] a, DType target, Object out, int from, int to) {
        switch (target) {
            case FLOAT32 -> intToFloat(a, (float[]) out, from, to);
            case FLOAT64 -> intToDouble(a, (double[]) out, from, to);
            case INT64 -> intToLong(a, (long[]) out, from, to);
            case INT32 -> System.arraycopy(a, from, out, from, to - from);
            case UINT8 -> intToByte(a, (byte[]) out, from, to);
            case BOOL -> intToBool(a, (byte[]) out, from, to);
        }
    }

    private static void fromByte(byte[] a, DType target, Object out, int from, int to) {
        switch (target) {
            case FLOAT32 -> byteToFloat(a, (float[]) out, from, to);
            case FLOAT64 -> byteToDouble(a, (double[]) out, from, to);
            case INT64 -> byteToLong(a, (long[]) out, from, to);
            case INT32 -> byteToInt(a, (int[]) out, from, to);
            case UINT8 -> System.arraycopy(a, from, out, from, to - from);
            case BOOL -> byteToBool(a, (byte[]) out, from, to);
        }
    }

    private static void fromBool(byte[] a, DType target, Object out, int from, int to) {
        switch (target) {
            case FLOAT32 -> byteToFloat(a, (float[]) out, from, to);
            case FLOAT64 -> byteToDouble(a, (double[]) out, from, to);
            case INT64 -> byteToLong(a, (long[]) out, from, to);
            case INT32 -> byteToInt(a, (int[]) out, from, to);
            case UINT8 -> System.arraycopy(a, from, out, from, to - from);
            case BOOL -> System.arraycopy(a, from, out, from, to - from);
        }
    }

    private static void floatToDouble(float[] a, double[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i];
        }
    }

    private static void floatToLong(float[] a, long[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (long) a[i];
        }
    }

    private static void floatToInt(float[] a, int[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (int) a[i];
        }
    }

    private static void floatToByte(float[] a, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (int) a[i];
        }
    }

    private static void floatToBool(float[] a, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] != 0 ? 1 : 0);
        }
    }

    private static void doubleToFloat(double[] a, float[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (float) a[i];
        }
    }

    private static void doubleToLong(double[] a, long[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (long) a[i];
        }
    }

    private static void doubleToInt(double[] a, int[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (int) a[i];
        }
    }

    private static void doubleToByte(double[] a, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (int) a[i];
        }
    }

    private static void doubleToBool(double[] a, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] != 0 ? 1 : 0);
        }
    }

    private static void longToFloat(long[] a, float[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (float) a[i];
        }
    }

    private static void longToDouble(long[] a, double[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (double) a[i];
        }
    }

    private static void longToInt(long[] a, int[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (int) a[i];
        }
    }

    private static void longToByte(long[] a, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) a[i];
        }
    }

    private static void longToBool(long[] a, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] != 0 ? 1 : 0);
        }
    }

    private static void intToFloat(int[] a, float[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (float) a[i];
        }
    }

    private static void intToDouble(int[] a, double[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i];
        }
    }

    private static void intToLong(int[] a, long[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i];
        }
    }

    private static void intToByte(int[] a, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) a[i];
        }
    }

    private static void intToBool(int[] a, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] != 0 ? 1 : 0);
        }
    }

    private static void byteToFloat(byte[] a, float[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] & 0xff;
        }
    }

    private static void byteToDouble(byte[] a, double[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] & 0xff;
        }
    }

    private static void byteToLong(byte[] a, long[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] & 0xff;
        }
    }

    private static void byteToInt(byte[] a, int[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = a[i] & 0xff;
        }
    }

    private static void byteToBool(byte[] a, byte[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = (byte) (a[i] != 0 ? 1 : 0);
        }
    }

    private static void intBitsToFloat(int[] a, float[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = Float.intBitsToFloat(a[i]);
        }
    }

    private static void longBitsToDouble(long[] a, double[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = Double.longBitsToDouble(a[i]);
        }
    }

    private static void floatToIntBits(float[] a, int[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = Float.floatToRawIntBits(a[i]);
        }
    }

    private static void doubleToLongBits(double[] a, long[] out, int from, int to) {
        for (int i = from; i < to; i++) {
            out[i] = Double.doubleToRawLongBits(a[i]);
        }
    }
}

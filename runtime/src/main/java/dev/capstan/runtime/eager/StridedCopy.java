// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import java.util.Arrays;

/** Copies between arrays of one type, rows x columns elements with any steps on both sides. */
final class StridedCopy {
    private StridedCopy() {}

    /**
     * Copies element (r, c) from {@code sourceOffset + r * sourceRow + c * sourceColumn} to {@code targetOffset + r *
     * targetRow + c * targetColumn}.
     */
    static void copy(
            Object source,
            int sourceOffset,
            int sourceRow,
            int sourceColumn,
            Object target,
            int targetOffset,
            int targetRow,
            int targetColumn,
            int rows,
            int columns) {
        if (sourceColumn == 1 && targetColumn == 1 && columns >= 8) {
            for (int r = 0; r < rows; r++) {
                copy(source, sourceOffset + r * sourceRow, target, targetOffset + r * targetRow, columns);
            }
            return;
        }
        if (sourceColumn == 0 && targetColumn == 1) {
            for (int r = 0; r < rows; r++) {
                fill(source, sourceOffset + r * sourceRow, target, targetOffset + r * targetRow, columns);
            }
            return;
        }
        for (int r = 0; r < rows; r++) {
            int from = sourceOffset + r * sourceRow;
            int to = targetOffset + r * targetRow;
            if (source instanceof float[] floats) {
                row(floats, from, sourceColumn, (float[]) target, to, targetColumn, columns);
            } else if (source instanceof double[] doubles) {
                row(doubles, from, sourceColumn, (double[]) target, to, targetColumn, columns);
            } else if (source instanceof long[] longs) {
                row(longs, from, sourceColumn, (long[]) target, to, targetColumn, columns);
            } else if (source instanceof int[] ints) {
                row(ints, from, sourceColumn, (int[]) target, to, targetColumn, columns);
            } else {
                row((byte[]) source, from, sourceColumn, (byte[]) target, to, targetColumn, columns);
            }
        }
    }

    /** Copies adjacent elements; where the type is known, that is a few vector instructions. */
    private static void copy(Object source, int from, Object target, int to, int count) {
        if (source instanceof float[] floats) {
            System.arraycopy(floats, from, (float[]) target, to, count);
        } else if (source instanceof double[] doubles) {
            System.arraycopy(doubles, from, (double[]) target, to, count);
        } else {
            System.arraycopy(source, from, target, to, count);
        }
    }

    /** Fills {@code count} elements from {@code targetOffset} with one element of another array. */
    static void fill(Object source, int position, Object target, int targetOffset, int count) {
        int end = targetOffset + count;
        if (source instanceof float[] floats) {
            Arrays.fill((float[]) target, targetOffset, end, floats[position]);
        } else if (source instanceof double[] doubles) {
            Arrays.fill((double[]) target, targetOffset, end, doubles[position]);
        } else if (source instanceof long[] longs) {
            Arrays.fill((long[]) target, targetOffset, end, longs[position]);
        } else if (source instanceof int[] ints) {
            Arrays.fill((int[]) target, targetOffset, end, ints[position]);
        } else {
            Arrays.fill((byte[]) target, targetOffset, end, ((byte[]) source)[position]);
        }
    }

    private static void row(float[] source, int from, int step, float[] target, int to, int targetStep, int count) {
        for (int i = 0; i < count; i++) {
            target[to + i * targetStep] = source[from + i * step];
        }
    }

    private static void row(double[] source, int from, int step, double[] target, int to, int targetStep, int count) {
        for (int i = 0; i < count; i++) {
            target[to + i * targetStep] = source[from + i * step];
        }
    }

    private static void row(long[] source, int from, int step, long[] target, int to, int targetStep, int count) {
        for (int i = 0; i < count; i++) {
            target[to + i * targetStep] = source[from + i * step];
        }
    }

    private static void row(int[] source, int from, int step, int[] target, int to, int targetStep, int count) {
        for (int i = 0; i < count; i++) {
            target[to + i * targetStep] = source[from + i * step];
        }
    }

    private static void row(byte[] source, int from, int step, byte[] target, int to, int targetStep, int count) {
        for (int i = 0; i < count; i++) {
            target[to + i * targetStep] = source[from + i * step];
        }
    }
}

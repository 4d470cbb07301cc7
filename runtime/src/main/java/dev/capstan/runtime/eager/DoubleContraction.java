// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import java.util.Arrays;

/**
 * The matrix product of float64 in plain Java. With few rows each element's chain runs in a local variable, eight of them at
 * once; with more, parts of B are laid out as separate rows, so that C2 sees one index for all arrays and vectorises the
 * loop over the columns.
 */
final class DoubleContraction {
    /** Rows of A up to which laying out B does not pay. */
    private static final int FEW_ROWS = 3;

    /** Columns of B laid out at once. */
    private static final int WIDTH = 256;

    /** Rows of B laid out at once. */
    private static final int DEPTH = 128;

    private static final ThreadLocal<DoubleContraction> OWN = ThreadLocal.withInitial(DoubleContraction::new);

    private final double[][] panel = new double[DEPTH][WIDTH];
    private final double[] sums = new double[WIDTH];

    private DoubleContraction() {}

    /** {@code C = A B}; element (i, j) of A is at {@code aOffset + i * aRow + j * aColumn}, and so on. */
    static void multiply(
            int m,
            int k,
            int n,
            double[] a,
            int aOffset,
            int aRow,
            int aColumn,
            double[] b,
            int bOffset,
            int bRow,
            int bColumn,
            double[] c,
            int cOffset,
            int cRow,
            int cColumn) {
        if (m <= FEW_ROWS || k == 0) {
            for (int i = 0; i < m; i++) {
                row(k, n, a, aOffset + i * aRow, aColumn, b, bOffset, bRow, bColumn, c, cOffset + i * cRow, cColumn);
            }
            return;
        }
        DoubleContraction own = OWN.get();
        for (int column = 0; column < n; column += WIDTH) {
            int width = Math.min(WIDTH, n - column);
            for (int first = 0; first < k; first += DEPTH) {
                int depth = Math.min(DEPTH, k - first);
                own.load(b, bOffset + first * bRow + column * bColumn, bRow, bColumn, depth, width);
                for (int i = 0; i < m; i++) {
                    int to = cOffset + i * cRow + column * cColumn;
                    own.begin(first == 0, c, to, cColumn, width);
                    own.accumulate(a, aOffset + i * aRow + first * aColumn, aColumn, depth, width);
                    StridedCopy.copy(own.sums, 0, 0, 1, c, to, 0, cColumn, 1, width);
                }
            }
        }
    }

    /** One row of C, eight chains at a time. */
    private static void row(
            int k,
            int n,
            double[] a,
            int aOffset,
            int aColumn,
            double[] b,
            int bOffset,
            int bRow,
            int bColumn,
            double[] c,
            int cOffset,
            int cColumn) {
        int j = 0;
        for (; j + 8 <= n; j += 8) {
            double c0 = 0;
            double c1 = 0;
            double c2 = 0;
            double c3 = 0;
            double c4 = 0;
            double c5 = 0;
            double c6 = 0;
            double c7 = 0;
            for (int l = 0; l < k; l++) {
                double x = a[aOffset + l * aColumn];
                int at = bOffset + l * bRow + j * bColumn;
                c0 = Math.fma(x, b[at], c0);
                c1 = Math.fma(x, b[at + bColumn], c1);
                c2 = Math.fma(x, b[at + 2 * bColumn], c2);
                c3 = Math.fma(x, b[at + 3 * bColumn], c3);
                c4 = Math.fma(x, b[at + 4 * bColumn], c4);
                c5 = Math.fma(x, b[at + 5 * bColumn], c5);
                c6 = Math.fma(x, b[at + 6 * bColumn], c6);
                c7 = Math.fma(x, b[at + 7 * bColumn], c7);
            }
            int to = cOffset + j * cColumn;
            c[to] = c0;
            c[to + cColumn] = c1;
            c[to + 2 * cColumn] = c2;
            c[to + 3 * cColumn] = c3;
            c[to + 4 * cColumn] = c4;
            c[to + 5 * cColumn] = c5;
            c[to + 6 * cColumn] = c6;
            c[to + 7 * cColumn] = c7;
        }
        for (; j < n; j++) {
            double sum = 0;
            for (int l = 0; l < k; l++) {
                sum = Math.fma(a[aOffset + l * aColumn], b[bOffset + l * bRow + j * bColumn], sum);
            }
            c[cOffset + j * cColumn] = sum;
        }
    }

    private void load(double[] b, int offset, int bRow, int bColumn, int depth, int width) {
        if (bColumn == 1) {
            for (int l = 0; l < depth; l++) {
                System.arraycopy(b, offset + l * bRow, panel[l], 0, width);
            }
            return;
        }
        // eight rows at a time: B is then read and the panel written in runs of eight
        for (int first = 0; first < depth; first += 8) {
            int last = Math.min(first + 8, depth);
            for (int j = 0; j < width; j++) {
                int from = offset + j * bColumn;
                for (int l = first; l < last; l++) {
                    panel[l][j] = b[from + l * bRow];
                }
            }
        }
    }

    private void begin(boolean zero, double[] c, int from, int cColumn, int width) {
        if (zero) {
            Arrays.fill(sums, 0, width, 0);
        } else {
            StridedCopy.copy(c, from, 0, cColumn, sums, 0, 0, 1, 1, width);
        }
    }

    private void accumulate(double[] a, int from, int step, int depth, int width) {
        int l = 0;
        for (; l + 4 <= depth; l += 4) {
            int at = from + l * step;
            double a0 = a[at];
            double a1 = a[at + step];
            double a2 = a[at + 2 * step];
            double a3 = a[at + 3 * step];
            fourRows(a0, panel[l], a1, panel[l + 1], a2, panel[l + 2], a3, panel[l + 3], sums, width);
        }
        for (; l < depth; l++) {
            oneRow(a[from + l * step], panel[l], sums, width);
        }
    }

    private static void fourRows(
            double a0,
            double[] b0,
            double a1,
            double[] b1,
            double a2,
            double[] b2,
            double a3,
            double[] b3,
            double[] sums,
            int width) {
        for (int j = 0; j < width; j++) {
            double two = Math.fma(a1, b1[j], Math.fma(a0, b0[j], sums[j]));
            sums[j] = Math.fma(a3, b3[j], Math.fma(a2, b2[j], two));
        }
    }

    private static void oneRow(double a, double[] b, double[] sums, int width) {
        for (int j = 0; j < width; j++) {
            sums[j] = Math.fma(a, b[j], sums[j]);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import java.util.Arrays;

/** Loops over {@code float[]}. Each is small enough for C2 to keep its indices in registers. */
final class FloatLoops implements ArrayLoops<float[]> {
    @Override
    public float[] allocate(int length) {
        return new float[length];
    }

    @Override
    public int length(float[] array) {
        return array.length;
    }

    @Override
    public void clear(float[] array, int from, int to) {
        Arrays.fill(array, from, to, 0f);
    }

    @Override
    public void pack(
            Matrix<float[]> source, int rows, int columns, float[] target, int targetOffset, int targetRowStride) {
        float[] array = source.array();
        int rowStride = source.rowStride();
        int columnStride = source.columnStride();
        if (columnStride == 1) {
            copy(array, source.offset(), rowStride, target, targetOffset, targetRowStride, rows, columns);
            return;
        }
        int column = 0;
        if (rowStride == 1) {
            for (; column + 8 <= columns; column += 8) {
                int from = source.at(0, column);
                interleave8(array, from, columnStride, rows, target, targetOffset + column, targetRowStride);
            }
        }
        for (; column < columns; column++) {
            int from = source.at(0, column);
            copyColumn(array, from, rowStride, rows, target, targetOffset + column, targetRowStride);
        }
    }

    @Override
    public void copy(
            float[] source,
            int offset,
            int rowStride,
            float[] target,
            int targetOffset,
            int targetRowStride,
            int rows,
            int columns) {
        for (int r = 0; r < rows; r++) {
            System.arraycopy(source, offset + r * rowStride, target, targetOffset + r * targetRowStride, columns);
        }
    }

    private static void copyColumn(
            float[] source,
            int offset,
            int rowStride,
            int rows,
            float[] target,
            int targetOffset,
            int targetRowStride) {
        for (int i = 0; i < rows; i++) {
            target[targetOffset + i * targetRowStride] = source[offset + i * rowStride];
        }
    }

    private static void interleave8(
            float[] source,
            int offset,
            int columnStride,
            int rows,
            float[] target,
            int targetOffset,
            int targetRowStride) {
        int s1 = offset + columnStride;
        int s2 = s1 + columnStride;
        int s3 = s2 + columnStride;
        int s4 = s3 + columnStride;
        int s5 = s4 + columnStride;
        int s6 = s5 + columnStride;
        int s7 = s6 + columnStride;
        int t = targetOffset;
        for (int i = 0; i < rows; i++) {
            target[t] = source[offset + i];
            target[t + 1] = source[s1 + i];
            target[t + 2] = source[s2 + i];
            target[t + 3] = source[s3 + i];
            target[t + 4] = source[s4 + i];
            target[t + 5] = source[s5 + i];
            target[t + 6] = source[s6 + i];
            target[t + 7] = source[s7 + i];
            t += targetRowStride;
        }
    }

    @Override
    public MicroKernels<float[]> scalarKernels(TileShape shape) {
        return new ScalarKernels(this, shape);
    }

    /**
     * Scalar micro-kernels. C2 vectorises a loop over arrays only where they share one index, so rows of B and C are
     * copied into rows of their own.
     */
    private record ScalarKernels(FloatLoops loops, TileShape shape) implements MicroKernels<float[]> {
        @Override
        public void packedTile(
                float[] a,
                int aOffset,
                float[] b,
                int bOffset,
                float[] c,
                int cOffset,
                int cRowStride,
                int cSecond,
                int k,
                boolean accumulate) {
            int vectors = TileShape.TILE_VECTORS;
            int width = shape.widest();
            int aRowStride = TileShape.A_STRIDE;
            tile(
                    shape.rows(),
                    shape.rows(),
                    vectors,
                    a,
                    aOffset,
                    aRowStride,
                    1,
                    b,
                    bOffset,
                    width,
                    shape.lanes(),
                    c,
                    cOffset,
                    cRowStride,
                    cSecond,
                    k,
                    accumulate);
        }

        @Override
        public void tile(
                int height,
                int rows,
                int vectors,
                float[] a,
                int aOffset,
                int aRowStride,
                int aColumnStride,
                float[] b,
                int bOffset,
                int bRowStride,
                int bSecond,
                float[] c,
                int cOffset,
                int cRowStride,
                int cSecond,
                int k,
                boolean accumulate) {
            int width = vectors * shape.lanes();
            float[][] sums = new float[rows][width];
            if (accumulate) {
                for (int row = 0; row < rows; row++) {
                    load(c, cOffset + row * cRowStride, cSecond, sums[row]);
                }
            }
            float[] b0 = new float[width];
            float[] b1 = new float[width];
            float[] b2 = new float[width];
            float[] b3 = new float[width];
            float[] unused = new float[width];
            int s = aColumnStride;
            for (int row = 0; row < rows; row += 2) {
                int next = Math.min(row + 1, rows - 1);
                float[] c0 = sums[row];
                float[] c1 = next == row ? unused : sums[next];
                int i0 = aOffset + row * aRowStride;
                int i1 = aOffset + next * aRowStride;
                int j = bOffset;
                int p = 0;
                for (; p + 4 <= k; p += 4) {
                    load(b, j, bSecond, b0);
                    load(b, j + bRowStride, bSecond, b1);
                    load(b, j + 2 * bRowStride, bSecond, b2);
                    load(b, j + 3 * bRowStride, bSecond, b3);
                    step(c0, a[i0], a[i0 + s], a[i0 + 2 * s], a[i0 + 3 * s], b0, b1, b2, b3);
                    step(c1, a[i1], a[i1 + s], a[i1 + 2 * s], a[i1 + 3 * s], b0, b1, b2, b3);
                    i0 += 4 * s;
                    i1 += 4 * s;
                    j += 4 * bRowStride;
                }
                for (; p < k; p++) {
                    load(b, j, bSecond, b0);
                    step(c0, a[i0], b0);
                    step(c1, a[i1], b0);
                    i0 += s;
                    i1 += s;
                    j += bRowStride;
                }
            }
            for (int row = 0; row < rows; row++) {
                store(sums[row], c, cOffset + row * cRowStride, cSecond);
            }
        }

        private void load(float[] source, int offset, int second, float[] row) {
            int lanes = shape.lanes();
            if (row.length == lanes || second == lanes) {
                System.arraycopy(source, offset, row, 0, row.length);
            } else {
                System.arraycopy(source, offset, row, 0, lanes);
                System.arraycopy(source, offset + second, row, lanes, lanes);
            }
        }

        private void store(float[] row, float[] target, int offset, int second) {
            int lanes = shape.lanes();
            if (row.length == lanes || second == lanes) {
                System.arraycopy(row, 0, target, offset, row.length);
            } else {
                System.arraycopy(row, 0, target, offset, lanes);
                System.arraycopy(row, lanes, target, offset + second, lanes);
            }
        }

        private static void step(
                float[] c, float a0, float a1, float a2, float a3, float[] b0, float[] b1, float[] b2, float[] b3) {
            for (int j = 0; j < c.length; j++) {
                c[j] = Math.fma(a3, b3[j], Math.fma(a2, b2[j], Math.fma(a1, b1[j], Math.fma(a0, b0[j], c[j]))));
            }
        }

        private static void step(float[] c, float a, float[] b) {
            for (int j = 0; j < c.length; j++) {
                c[j] = Math.fma(a, b[j], c[j]);
            }
        }

        @Override
        public void row(
                int vectors,
                float[] a,
                int aOffset,
                int aStride,
                float[] b,
                int bOffset,
                int bRowStride,
                float[] c,
                int cOffset,
                int k,
                boolean accumulate) {
            int end = cOffset + vectors * shape.lanes();
            if (!accumulate) {
                Arrays.fill(c, cOffset, end, 0f);
            }
            int i = aOffset;
            int j = bOffset - cOffset;
            int p = 0;
            for (; p + 4 <= k; p += 4) {
                float a0 = a[i];
                float a1 = a[i + aStride];
                float a2 = a[i + 2 * aStride];
                float a3 = a[i + 3 * aStride];
                int j1 = j + bRowStride;
                int j2 = j1 + bRowStride;
                int j3 = j2 + bRowStride;
                for (int q = cOffset; q < end; q++) {
                    c[q] = Math.fma(
                            a3,
                            b[j3 + q],
                            Math.fma(a2, b[j2 + q], Math.fma(a1, b[j1 + q], Math.fma(a0, b[j + q], c[q]))));
                }
                i += 4 * aStride;
                j = j3 + bRowStride;
            }
            for (; p < k; p++) {
                float a0 = a[i];
                for (int q = cOffset; q < end; q++) {
                    c[q] = Math.fma(a0, b[j + q], c[q]);
                }
                i += aStride;
                j += bRowStride;
            }
        }

        @Override
        public void transposedRow(
                int columns,
                float[] a,
                int aOffset,
                float[] b,
                int bOffset,
                int bColumnStride,
                float[] c,
                int cOffset,
                int k,
                boolean accumulate) {
            // four chains at a time, as each waits for itself; behind the last column that one is computed again
            for (int j = 0; j < columns; j += 4) {
                int j1 = Math.min(j + 1, columns - 1);
                int j2 = Math.min(j + 2, columns - 1);
                int j3 = Math.min(j + 3, columns - 1);
                float sum0 = accumulate ? c[cOffset + j] : 0f;
                float sum1 = accumulate ? c[cOffset + j1] : 0f;
                float sum2 = accumulate ? c[cOffset + j2] : 0f;
                float sum3 = accumulate ? c[cOffset + j3] : 0f;
                for (int p = 0; p < k; p++) {
                    float factor = a[aOffset + p];
                    int row = bOffset + p;
                    sum0 = Math.fma(factor, b[row + j * bColumnStride], sum0);
                    sum1 = Math.fma(factor, b[row + j1 * bColumnStride], sum1);
                    sum2 = Math.fma(factor, b[row + j2 * bColumnStride], sum2);
                    sum3 = Math.fma(factor, b[row + j3 * bColumnStride], sum3);
                }
                c[cOffset + j] = sum0;
                c[cOffset + j1] = sum1;
                c[cOffset + j2] = sum2;
                c[cOffset + j3] = sum3;
            }
        }

        @Override
        public void pack(
                int vectors,
                float[] source,
                int offset,
                int rowStride,
                int second,
                float[] target,
                int targetOffset,
                int rows) {
            int lanes = shape.lanes();
            int width = vectors * lanes;
            if (vectors == 1 || second == lanes) {
                loops.copy(source, offset, rowStride, target, targetOffset, width, rows, width);
            } else {
                loops.copy(source, offset, rowStride, target, targetOffset, width, rows, lanes);
                loops.copy(source, offset + second, rowStride, target, targetOffset + lanes, width, rows, lanes);
            }
        }

        @Override
        public void transpose(
                float[] source,
                int offset,
                int stride,
                float[] target,
                int targetOffset,
                int targetStride,
                int columns,
                int rows) {
            loops.pack(new Matrix<>(source, offset, 1, stride), rows, columns, target, targetOffset, targetStride);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import dev.capstan.runtime.parallel.Workers;
import java.util.Arrays;
import java.util.Random;

/** A product of random matrices in some layout, and what it must be: the chain of the definition, element by element. */
record Product(int m, int k, int n, Matrix a, Matrix b, Matrix c, boolean accumulate) {

    /** Where a matrix lies in its array. */
    record Matrix(double[] values, int offset, int rowStride, int columnStride) {
        double at(int i, int j) {
            return values[offset + i * rowStride + j * columnStride];
        }

        float[] floats() {
            float[] result = new float[values.length];
            for (int i = 0; i < result.length; i++) {
                result[i] = (float) values[i];
            }
            return result;
        }
    }

    /** The ways in which a matrix can lie in its array. */
    enum Layout {
        ROWS,
        COLUMNS,
        SPACED,
        BROADCAST,
        REVERSED;

        Matrix lay(Random random, int rows, int columns, double[] odd) {
            int offset = random.nextInt(4);
            int area = rows * columns;
            return switch (this) {
                case ROWS -> matrix(random, offset + area, offset, columns, 1, odd);
                case COLUMNS -> matrix(random, offset + area, offset, 1, rows, odd);
                case SPACED -> matrix(random, offset + 3 * area + rows, offset, 3 * columns + 1, 3, odd);
                case BROADCAST -> matrix(random, offset + columns, offset, 0, 1, odd);
                case REVERSED -> matrix(random, offset + area, offset + Math.max(area - 1, 0), -columns, -1, odd);
            };
        }
    }

    private static Matrix matrix(Random random, int length, int offset, int rowStride, int columnStride, double[] odd) {
        double[] values = new double[length];
        for (int i = 0; i < length; i++) {
            // a float's value, so that both element types start from the same numbers
            values[i] = odd.length > 0 && random.nextInt(50) == 0
                    ? odd[random.nextInt(odd.length)]
                    : (float) random.nextGaussian();
        }
        return new Matrix(values, offset, rowStride, columnStride);
    }

    static Product of(Random random, int m, int k, int n, Layout a, Layout b, boolean accumulate, double... odd) {
        int space = random.nextInt(3);
        int offset = random.nextInt(4);
        Matrix c = matrix(random, offset + m * (n + space), offset, n + space, 1, odd);
        return new Product(m, k, n, a.lay(random, m, k, odd), b.lay(random, k, n, odd), c, accumulate);
    }

    float[] expectedFloats() {
        float[] result = c.floats();
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                int at = c.offset() + i * c.rowStride() + j;
                float sum = accumulate ? result[at] : 0f;
                for (int p = 0; p < k; p++) {
                    sum = Math.fma((float) a.at(i, p), (float) b.at(p, j), sum);
                }
                result[at] = sum;
            }
        }
        return result;
    }

    double[] expectedDoubles() {
        double[] result = c.values().clone();
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                int at = c.offset() + i * c.rowStride() + j;
                double sum = accumulate ? result[at] : 0d;
                for (int p = 0; p < k; p++) {
                    sum = Math.fma(a.at(i, p), b.at(p, j), sum);
                }
                result[at] = sum;
            }
        }
        return result;
    }

    float[] floats(BlockedContraction<float[]> contraction) {
        float[] result = c.floats();
        contraction.multiply(
                m,
                k,
                n,
                a.floats(),
                a.offset(),
                a.rowStride(),
                a.columnStride(),
                b.floats(),
                b.offset(),
                b.rowStride(),
                b.columnStride(),
                result,
                c.offset(),
                c.rowStride(),
                accumulate);
        return result;
    }

    float[] floats(BlockedContraction<float[]> contraction, Workers workers) {
        float[] result = c.floats();
        contraction.multiplyTogether(
                workers,
                m,
                k,
                n,
                a.floats(),
                a.offset(),
                a.rowStride(),
                a.columnStride(),
                b.floats(),
                b.offset(),
                b.rowStride(),
                b.columnStride(),
                result,
                c.offset(),
                c.rowStride(),
                accumulate);
        return result;
    }

    float[] packedFloats(BlockedContraction<float[]> packing, BlockedContraction<float[]> contraction) {
        float[] result = c.floats();
        float[] panels = new float[1 + packing.packedLength(k, n)];
        Arrays.fill(panels, Float.NaN);
        packing.pack(b.floats(), b.offset(), b.rowStride(), b.columnStride(), k, n, panels, 1);
        contraction.multiplyPacked(
                m,
                k,
                n,
                a.floats(),
                a.offset(),
                a.rowStride(),
                a.columnStride(),
                panels,
                1,
                result,
                c.offset(),
                c.rowStride(),
                accumulate);
        return result;
    }

    double[] doubles(BlockedContraction<double[]> contraction) {
        double[] result = c.values().clone();
        contraction.multiply(
                m,
                k,
                n,
                a.values(),
                a.offset(),
                a.rowStride(),
                a.columnStride(),
                b.values(),
                b.offset(),
                b.rowStride(),
                b.columnStride(),
                result,
                c.offset(),
                c.rowStride(),
                accumulate);
        return result;
    }

    @Override
    public String toString() {
        return "[" + m + "," + k + "] x [" + k + "," + n + "], a at " + a.offset() + " (" + a.rowStride() + ","
                + a.columnStride() + "), b at " + b.offset() + " (" + b.rowStride() + "," + b.columnStride()
                + "), c at " + c.offset() + " (" + c.rowStride() + "), accumulate " + accumulate;
    }
}

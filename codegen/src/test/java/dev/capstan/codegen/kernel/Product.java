// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import dev.capstan.runtime.parallel.Workers;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;

/** A product of random matrices in some layout, and what it must be: the chain of the definition, element by element. */
record Product(int m, int k, int n, Matrix<double[]> a, Matrix<double[]> b, Matrix<double[]> c, boolean accumulate) {

    /** The ways in which a matrix can lie in its array. */
    enum Layout {
        ROWS,
        COLUMNS,
        SPACED,
        BROADCAST,
        REVERSED;

        Matrix<double[]> lay(Random random, int rows, int columns, double[] odd) {
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

    private static Matrix<double[]> matrix(
            Random random, int length, int offset, int rowStride, int columnStride, double[] odd) {
        // something may lie behind a matrix, where nothing may be written, or nothing
        double[] values = new double[length + random.nextInt(2) * random.nextInt(40)];
        for (int i = 0; i < length; i++) {
            // a float's value, so that both element types start from the same numbers
            values[i] = odd.length > 0 && random.nextInt(50) == 0
                    ? odd[random.nextInt(odd.length)]
                    : (float) random.nextGaussian();
        }
        return new Matrix<>(values, offset, rowStride, columnStride);
    }

    static Product of(Random random, int m, int k, int n, Layout a, Layout b, boolean accumulate, double... odd) {
        int space = random.nextInt(3);
        int offset = random.nextInt(4);
        Matrix<double[]> c = matrix(random, offset + m * (n + space), offset, n + space, 1, odd);
        return new Product(m, k, n, a.lay(random, m, k, odd), b.lay(random, k, n, odd), c, accumulate);
    }

    float[] expectedFloats() {
        float[] result = floatsOf(c).array();
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                int at = c.offset() + i * c.rowStride() + j;
                float sum = accumulate ? result[at] : 0f;
                for (int p = 0; p < k; p++) {
                    sum = Math.fma((float) a.array()[a.at(i, p)], (float) b.array()[b.at(p, j)], sum);
                }
                result[at] = sum;
            }
        }
        return result;
    }

    double[] expectedDoubles() {
        double[] result = c.array().clone();
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                int at = c.offset() + i * c.rowStride() + j;
                double sum = accumulate ? result[at] : 0d;
                for (int p = 0; p < k; p++) {
                    sum = Math.fma(a.array()[a.at(i, p)], b.array()[b.at(p, j)], sum);
                }
                result[at] = sum;
            }
        }
        return result;
    }

    float[] floats(BlockedContraction<float[]> contraction) {
        return floats(floatsOf(b), contraction::multiply);
    }

    float[] floats(BlockedContraction<float[]> contraction, Workers workers) {
        return floats(floatsOf(b), new SharedContraction<>(contraction, workers)::multiply);
    }

    float[] packedFloats(BlockedContraction<float[]> packing, BlockedContraction<float[]> contraction) {
        Panels<float[]> panels = new Panels<>(new float[1 + packing.packing().length(k, n)], 1);
        Arrays.fill(panels.array(), Float.NaN);
        packing.packing().pack(floatsOf(b), k, n, panels);
        return floats(panels, contraction::multiply);
    }

    float[] floatsFromStrips(BlockedContraction<float[]> contraction) {
        Strips<float[]> strips = new Strips<>(new float[k * n]);
        Arrays.fill(strips.array(), Float.NaN);
        contraction.packing().copy(floatsOf(b), k, n, strips);
        return floats(strips, contraction::multiply);
    }

    private float[] floats(RightFactor<float[]> right, Consumer<MatrixProduct<float[]>> multiplication) {
        Matrix<float[]> result = floatsOf(c);
        multiplication.accept(new MatrixProduct<>(m, k, n, floatsOf(a), right, result, accumulate));
        return result.array();
    }

    double[] doubles(BlockedContraction<double[]> contraction) {
        Matrix<double[]> result = new Matrix<>(c.array().clone(), c.offset(), c.rowStride(), 1);
        contraction.multiply(new MatrixProduct<>(m, k, n, a, b, result, accumulate));
        return result.array();
    }

    private static Matrix<float[]> floatsOf(Matrix<double[]> matrix) {
        float[] floats = new float[matrix.array().length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) matrix.array()[i];
        }
        return new Matrix<>(floats, matrix.offset(), matrix.rowStride(), matrix.columnStride());
    }

    @Override
    public String toString() {
        return "[" + m + "," + k + "] x [" + k + "," + n + "], a at " + a.offset() + " (" + a.rowStride() + ","
                + a.columnStride() + "), b at " + b.offset() + " (" + b.rowStride() + "," + b.columnStride()
                + "), c at " + c.offset() + " (" + c.rowStride() + "), accumulate " + accumulate;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.kernel.Primitive;
import java.util.Arrays;

/** The fold of float64 values, in the order of reductions. Sums and maxima keep eight lanes at a time in local variables. */
final class DoubleFold extends Fold {
    private final double[] lanes = new double[LANES];
    private final double[] pending = new double[MOST_PENDING];
    private final Primitive combine;
    private final double identity;
    private int blocks;
    private int touched;

    DoubleFold(Primitive combine, double identity) {
        this.combine = combine;
        this.identity = identity;
    }

    @Override
    void begin() {
        blocks = 0;
        beginBlock();
    }

    private void beginBlock() {
        touched = 0;
        Arrays.fill(lanes, identity);
    }

    @Override
    void accumulate(Object values, int offset, int count) {
        double[] array = (double[]) values;
        touched = Math.max(touched, Math.min(count, LANES));
        if (combine == Primitive.ADD) {
            add(array, offset, count);
        } else if (combine == Primitive.MAX) {
            maximum(array, offset, count);
        } else {
            for (int i = 0; i < count; i++) {
                lanes[i % LANES] = combined(lanes[i % LANES], array[offset + i]);
            }
        }
    }

    @Override
    void endBlock() {
        for (int half = LANES / 2; half > 0; half /= 2) {
            // lanes from touched on hold the identity, which changes nothing
            for (int i = 0; i + half < Math.min(touched, 2 * half); i++) {
                lanes[i] = combined(lanes[i], lanes[i + half]);
            }
        }
        double result = lanes[0];
        int level = 0;
        for (int carry = blocks; (carry & 1) != 0; carry >>= 1) {
            result = combined(pending[level++], result);
        }
        pending[level] = result;
        blocks++;
        beginBlock();
    }

    @Override
    void end(Object target, int position) {
        double result = identity;
        boolean first = true;
        for (int level = 0; blocks >> level != 0; level++) {
            if ((blocks >> level & 1) != 0) {
                result = first ? pending[level] : combined(pending[level], result);
                first = false;
            }
        }
        ((double[]) target)[position] = result;
    }

    private double combined(double a, double b) {
        return switch (combine) {
            case ADD -> a + b;
            case MUL -> a * b;
            case MIN -> Math.min(a, b);
            default -> Math.max(a, b);
        };
    }

    private void add(double[] values, int offset, int count) {
        for (int g = 0; g < LANES; g += 8) {
            double s0 = lanes[g + 0];
            double s1 = lanes[g + 1];
            double s2 = lanes[g + 2];
            double s3 = lanes[g + 3];
            double s4 = lanes[g + 4];
            double s5 = lanes[g + 5];
            double s6 = lanes[g + 6];
            double s7 = lanes[g + 7];
            int i = g;
            for (; i <= count - 8; i += LANES) {
                int at = offset + i;
                s0 = s0 + values[at];
                s1 = s1 + values[at + 1];
                s2 = s2 + values[at + 2];
                s3 = s3 + values[at + 3];
                s4 = s4 + values[at + 4];
                s5 = s5 + values[at + 5];
                s6 = s6 + values[at + 6];
                s7 = s7 + values[at + 7];
            }
            lanes[g + 0] = s0;
            lanes[g + 1] = s1;
            lanes[g + 2] = s2;
            lanes[g + 3] = s3;
            lanes[g + 4] = s4;
            lanes[g + 5] = s5;
            lanes[g + 6] = s6;
            lanes[g + 7] = s7;
            for (int j = 0; i + j < count; j++) {
                lanes[g + j] = lanes[g + j] + values[offset + i + j];
            }
        }
    }

    private void maximum(double[] values, int offset, int count) {
        for (int g = 0; g < LANES; g += 8) {
            double s0 = lanes[g + 0];
            double s1 = lanes[g + 1];
            double s2 = lanes[g + 2];
            double s3 = lanes[g + 3];
            double s4 = lanes[g + 4];
            double s5 = lanes[g + 5];
            double s6 = lanes[g + 6];
            double s7 = lanes[g + 7];
            int i = g;
            for (; i <= count - 8; i += LANES) {
                int at = offset + i;
                s0 = Math.max(s0, values[at]);
                s1 = Math.max(s1, values[at + 1]);
                s2 = Math.max(s2, values[at + 2]);
                s3 = Math.max(s3, values[at + 3]);
                s4 = Math.max(s4, values[at + 4]);
                s5 = Math.max(s5, values[at + 5]);
                s6 = Math.max(s6, values[at + 6]);
                s7 = Math.max(s7, values[at + 7]);
            }
            lanes[g + 0] = s0;
            lanes[g + 1] = s1;
            lanes[g + 2] = s2;
            lanes[g + 3] = s3;
            lanes[g + 4] = s4;
            lanes[g + 5] = s5;
            lanes[g + 6] = s6;
            lanes[g + 7] = s7;
            for (int j = 0; i + j < count; j++) {
                lanes[g + j] = Math.max(lanes[g + j], values[offset + i + j]);
            }
        }
    }
}

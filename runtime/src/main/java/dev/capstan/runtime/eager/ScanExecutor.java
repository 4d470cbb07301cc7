// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.op.Scan;
import dev.capstan.runtime.type.Shape;

/** Adds rows of neighbours to those before them. */
final class ScanExecutor {
    private ScanExecutor() {}

    /**
     * Runs an operator.
     *
     * @param result contiguous
     */
    static void run(Scan operator, NdArray operand, NdArray result) {
        OperatorExecutor.copy(operand, result);
        Shape shape = result.shape();
        if (shape.rank() > 0 && shape.elements() > 0) {
            int along = shape.dimension(operator.name(), operator.dimension());
            int width = 1;
            for (int i = along + 1; i < shape.rank(); i++) {
                width *= shape.size(i);
            }
            int size = shape.size(along);
            int first = operator.descends() ? size - 1 : 0;
            int step = operator.descends() ? -width : width;
            int parts = shape.elements() / (size * width);
            for (int part = 0; part < parts; part++) {
                int row = result.layout().offset() + (part * size + first) * width;
                for (int i = 1; i < size; i++) {
                    add(result.storage().array(), row, row + step, width);
                    row += step;
                }
            }
        }
        result.storage().written();
    }

    private static void add(Object array, int from, int to, int width) {
        if (array instanceof float[] floats) {
            for (int i = 0; i < width; i++) {
                floats[to + i] = floats[from + i] + floats[to + i];
            }
        } else if (array instanceof double[] doubles) {
            for (int i = 0; i < width; i++) {
                doubles[to + i] = doubles[from + i] + doubles[to + i];
            }
        } else {
            long[] longs = (long[]) array;
            for (int i = 0; i < width; i++) {
                longs[to + i] = longs[from + i] + longs[to + i];
            }
        }
    }
}

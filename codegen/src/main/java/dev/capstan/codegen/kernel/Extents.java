// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

/** Whether a matrix lies within its array. */
final class Extents {
    private Extents() {}

    static void require(int rows, int columns) {
        if (rows < 0 || columns < 0) {
            throw new IllegalArgumentException(
                    "contraction: sizes must not be negative: [" + rows + "," + columns + "]");
        }
    }

    static void require(String name, int length, int offset, int rows, int rowStride, int columns, int columnStride) {
        if (rows <= 0 || columns <= 0) {
            require(rows, columns);
            return;
        }
        long down = (rows - 1L) * rowStride;
        long across = (columns - 1L) * columnStride;
        long first = offset + Math.min(down, 0) + Math.min(across, 0);
        long last = offset + Math.max(down, 0) + Math.max(across, 0);
        if (first < 0 || last >= length) {
            throw new IllegalArgumentException("contraction: " + name + " lies outside of its array: [" + rows + ","
                    + columns + "] at " + offset + " with strides (" + rowStride + "," + columnStride + ") in "
                    + length + " elements");
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.spi;

/**
 * A compiled element-wise kernel over {@code rows x columns} elements. It computes the same bits as the block evaluator,
 * for one pattern of {@link Access}.
 */
@FunctionalInterface
public interface LoopKernel {
    /**
     * Computes all elements. An output may lie exactly in place of inputs (same array, offset and strides): the kernel
     * reads all inputs of an element, or of a vector of elements, before it writes their results, and computes no element
     * twice.
     *
     * @param arrays the Java arrays of the inputs, then of the outputs ({@code float[]}, {@code double[]}, {@code long[]},
     *     {@code int[]}, or {@code byte[]} for uint8 and bool)
     * @param geometry for each array three numbers: position of the first element, step from row to row, step from column
     *     to column, all in elements; the column step is what the array's {@link Access} says. Others may use it at the same time.
     * @param rows number of rows, at least 1
     * @param columns number of columns, at least 1
     */
    void run(Object[] arrays, int[] geometry, int rows, int columns);
}

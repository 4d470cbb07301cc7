// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.spi;

/** How an operand of a {@link LoopKernel} moves from one column to the next. */
public enum Access {
    /** To the next element of the array. */
    UNIT,
    /** Not at all: one value per row. Never an output. */
    ZERO,
    /** By any other number of elements, the geometry's column step. */
    STRIDED;

    /** The access that has this column step, in elements. */
    public static Access of(int columnStep) {
        return columnStep == 1 ? UNIT : columnStep == 0 ? ZERO : STRIDED;
    }
}

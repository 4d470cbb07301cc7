// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.spi;

import dev.capstan.runtime.memory.NdArray;

/** The compiled form of a {@link Path}, forward and backward. The arrays that it describes itself by are not to be changed. */
public interface Program {
    /** The numbers of the values that the program gives, in the order of {@link Execution#outputs()}. */
    int[] outputs();

    /** What a backward pass from the outputs needs and frees. */
    Tape tape();

    /**
     * Runs forward, and writes what the path writes to its inputs.
     *
     * @param inputs in order of first use, with types and strides as on the path
     */
    Execution run(NdArray[] inputs);
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.spi;

import dev.capstan.runtime.memory.NdArray;

/** The compiled form of a {@link Path}, forward and backward. */
public interface Program {
    /** The numbers of the values that the program gives, in the order of {@link Execution#outputs()}. */
    int[] outputs();

    /** For each output whether a backward pass can start there; false where the path's own backward pass has been. */
    boolean[] isDifferentiable();

    /** For each input, in order of first use, whether the backward pass reads it, so that it must not change until then. */
    boolean[] savesInput();

    /**
     * Runs forward, and writes what the path writes to its inputs.
     *
     * @param inputs in order of first use, with types and strides as on the path
     */
    Execution run(NdArray[] inputs);
}

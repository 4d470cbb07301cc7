// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.spi;

import dev.capstan.runtime.memory.NdArray;

/** One run of a {@link Program}: its outputs and what the backward pass needs. */
public interface Execution {
    /** The values of {@link Program#outputs()}: fresh storage, or views of inputs where eager mode gives views. */
    NdArray[] outputs();

    /**
     * Runs backward.
     *
     * @param gradients for each output its gradient, of the output's shape and type, or null if it received none
     * @param totals for each input the sum of the gradient contributions so far, or null; they are not written to
     * @param retain true if there may be another backward pass of this run
     * @return for each input that requires a gradient and gets one the continued sum, else null; or null as a whole if
     *     this combination has no program yet
     */
    NdArray[] backward(NdArray[] gradients, NdArray[] totals, boolean retain);

    /** Gives the memory back to the program; the run has no backward pass (any more). */
    void release();
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.spi;

import dev.capstan.runtime.memory.NdArray;

/** One run of a {@link Program}: its outputs and what the backward pass needs. */
public interface Execution {
    /** The values of {@link Program#outputs()}: fresh storage, or views of inputs where eager mode gives views. */
    NdArray[] outputs();

    /**
     * Runs backward; may be called again.
     *
     * @param gradients for each output its gradient, contiguous, of the output's shape and type, or null if it received
     *     none
     * @param totals for each input the sum of the gradient contributions so far, contiguous, or null; they are not written
     *     to
     * @param demand whether to wait if this combination of gradients and totals has no program yet
     * @return for each input that requires a gradient and gets one the continued sum in fresh contiguous storage, else
     *     null; or null as a whole if there is no program yet
     */
    NdArray[] backward(NdArray[] gradients, NdArray[] totals, Path.Demand demand);

    /** Gives the memory back to the program; what still runs backward needs nothing of what the run has kept. */
    void release();
}

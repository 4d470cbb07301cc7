// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.spi;

import dev.capstan.runtime.memory.NdArray;
import java.util.BitSet;

/** One run of a {@link Program}: its outputs and what the backward pass needs. */
public interface Execution {
    /** The values of {@link Program#outputs()}: fresh storage, or views of inputs where eager mode gives views. */
    NdArray[] outputs();

    /**
     * Runs backward; may be called again.
     *
     * @param gradients for each output its gradient, of the output's shape and type, or null if it received none
     * @param totals for each input the sum of the gradient contributions so far, or null; they are not written to
     * @param owners the inputs that own their gradient
     * @param demand whether to wait if this combination of gradients and totals has no program yet
     * @return for each input that requires a gradient and gets one the continued sum, else null: of an owner in fresh
     *     contiguous storage, of another one with the layout and the storage of eager mode, and the very array that was given
     *     if eager mode hands it on; or null as a whole if there is no program yet
     */
    NdArray[] backward(NdArray[] gradients, NdArray[] totals, BitSet owners, Path.Demand demand);

    /** Gives the memory back to the program; what still runs backward needs nothing of what the run has kept. */
    void release();
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.spi;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.type.TensorType;
import java.util.BitSet;
import java.util.List;

/** The compiled form of a {@link Path}, forward and backward. The arrays that it describes itself by are not to be changed. */
public interface Program {
    /** The numbers of the values that the program gives, in the order of {@link Execution#outputs()}. */
    int[] outputs();

    /** For each output whether a backward pass can start there; false where the path's own backward pass has been. */
    boolean[] isDifferentiable();

    /** What eager mode would keep for a backward pass, in the order in which the pass would ask for it. */
    List<Saved> saved();

    /**
     * Runs forward, and writes what the path writes to its inputs.
     *
     * @param inputs in order of first use, with types and strides as on the path
     */
    Execution run(NdArray[] inputs);

    /**
     * A value that an operator keeps for its gradient, which must not change until then. It lies in storage that the caller
     * knows, too: an input's or an output's.
     *
     * @param type the type of the value
     * @param reached the outputs, by their place, whose gradients reach the operator
     * @param input an input in whose storage the value lies, in order of first use, or -1
     * @param output else an output that is made of the value's storage
     */
    record Saved(TensorType type, BitSet reached, int input, int output) {
        /** Copies the set. */
        public Saved {
            reached = (BitSet) reached.clone();
        }
    }
}

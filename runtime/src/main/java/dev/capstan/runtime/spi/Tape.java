// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.spi;

import dev.capstan.runtime.type.TensorType;
import java.util.BitSet;
import java.util.List;

/**
 * What eager mode's tape would hold behind the outputs of a path: what a backward pass must find unchanged, and what it
 * frees, so that a program refuses what eager mode refuses, and nothing else.
 *
 * @param outputs the outputs, by their place, that require a gradient
 * @param walkable those at which a backward pass can start after the path
 * @param saved the values kept for gradients that others may change, in the order in which a pass asks for them
 * @param keepers for each output the operators behind it that keep something, by number
 * @param freed the operators that the path's own backward passes have freed
 */
public record Tape(BitSet outputs, BitSet walkable, List<Saved> saved, List<BitSet> keepers, BitSet freed) {
    /** Of what is known of the outputs; those are walkable behind which nothing was freed. */
    public static Tape of(BitSet outputs, List<Saved> saved, List<BitSet> keepers, BitSet freed) {
        return new Tape(outputs, walkable(outputs, keepers, freed), List.copyOf(saved), List.copyOf(keepers), freed);
    }

    /**
     * A value that an operator keeps for its gradient, which must not change until then. It lies in storage that the caller
     * knows, too: an input's or an output's.
     *
     * @param type the type of the value
     * @param reached the outputs, by their place, whose gradients reach the operator
     * @param input an input in whose storage the value lies, in order of first use, or -1
     * @param output else an output that is made of the value's storage
     */
    public record Saved(TensorType type, BitSet reached, int input, int output) {
        /** Copies the set. */
        public Saved {
            reached = (BitSet) reached.clone();
        }
    }

    /** The outputs at which a backward pass can start after others have freed these operators. */
    public BitSet walkable(BitSet freed) {
        return walkable(outputs, keepers, freed);
    }

    /** Whether one can start at an output then. */
    public boolean isWalkable(int output, BitSet freed) {
        return !keepers.get(output).intersects(freed);
    }

    private static BitSet walkable(BitSet outputs, List<BitSet> keepers, BitSet freed) {
        BitSet walkable = (BitSet) outputs.clone();
        outputs.stream().filter(output -> keepers.get(output).intersects(freed)).forEach(walkable::clear);
        return walkable;
    }
}

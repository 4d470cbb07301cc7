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
 * @param leading for each input, in order of first use, the operators that keep something and whose gradients lead to it
 * @param freed the operators that the path's own backward passes have freed
 * @param inNeedOfValues {@link #needsValues} of these
 */
public record Tape(
        BitSet outputs,
        BitSet walkable,
        List<Saved> saved,
        List<BitSet> keepers,
        List<BitSet> leading,
        BitSet freed,
        boolean inNeedOfValues) {
    /** Of what is known of the outputs; those are walkable behind which nothing was freed. */
    public static Tape of(BitSet outputs, List<Saved> saved, List<BitSet> keepers, List<BitSet> leading, BitSet freed) {
        return new Tape(
                outputs,
                walkable(outputs, keepers, freed),
                List.copyOf(saved),
                List.copyOf(keepers),
                List.copyOf(leading),
                freed,
                needsValues(keepers, freed));
    }

    /**
     * A value that an operator keeps for its gradient, which must not change until then. The caller knows what counts the writes
     * to it: an input, the storage of an output, or a value with a version of its own.
     *
     * @param type the type of the value
     * @param operator the number of the operator that keeps it
     * @param reached the outputs, by their place, whose gradients reach the operator
     * @param counter what counts
     * @param number the input, in order of first use, the output, by its place, or the value, by its number
     * @param overwritten whether the path itself has changed it since
     */
    public record Saved(
            TensorType type, int operator, BitSet reached, Counter counter, int number, boolean overwritten) {
        /** Copies the set. */
        public Saved {
            reached = (BitSet) reached.clone();
        }
    }

    /** What counts the writes to a saved value. */
    public enum Counter {
        /** An input. */
        INPUT,
        /** The storage of an output. */
        OUTPUT,
        /** A value of the path that is {@linkplain dev.capstan.runtime.op.Detach#apart() apart} from what it was made of. */
        VALUE
    }

    /** The outputs at which a backward pass can start after passes, the path's own among them, have freed these operators. */
    public BitSet walkable(BitSet gone) {
        return gone == freed ? walkable : walkable(outputs, keepers, gone);
    }

    /**
     * True if, when these operators refuse, gradients of an output meet others after them that keep something, and so need
     * values.
     */
    public boolean needsValues(BitSet refusing) {
        return refusing == freed ? inNeedOfValues : needsValues(keepers, refusing);
    }

    private static boolean needsValues(List<BitSet> keepers, BitSet refusing) {
        for (BitSet kept : keepers) {
            BitSet failing = (BitSet) kept.clone();
            failing.and(refusing);
            if (!failing.isEmpty() && kept.length() > failing.length()) {
                return true;
            }
        }
        return false;
    }

    /** Whether one can start at an output then. */
    public boolean isWalkable(int output, BitSet freed) {
        return !keepers.get(output).intersects(freed);
    }

    /** The operators that keep something behind any of these outputs. */
    public BitSet keepers(BitSet from) {
        return union(keepers, from);
    }

    /** Those of them whose gradients lead to any of these inputs. */
    public BitSet keepers(BitSet from, BitSet to) {
        BitSet between = keepers(from);
        between.and(union(leading, to));
        return between;
    }

    /**
     * True if, once passes have freed these operators, gradients can still go from an output to an input through others that
     * keep something.
     */
    public boolean isKept(BitSet gone) {
        BitSet left = keepers(outputs);
        left.andNot(gone);
        if (left.isEmpty()) {
            return false;
        }
        for (BitSet behind : keepers) {
            for (BitSet ahead : leading) {
                BitSet between = (BitSet) behind.clone();
                between.and(ahead);
                if (!between.isEmpty() && !between.intersects(gone)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static BitSet union(List<BitSet> sets, BitSet of) {
        BitSet all = new BitSet();
        of.stream().mapToObj(sets::get).forEach(all::or);
        return all;
    }

    private static BitSet walkable(BitSet outputs, List<BitSet> keepers, BitSet freed) {
        BitSet walkable = (BitSet) outputs.clone();
        outputs.stream().filter(output -> keepers.get(output).intersects(freed)).forEach(walkable::clear);
        return walkable;
    }
}

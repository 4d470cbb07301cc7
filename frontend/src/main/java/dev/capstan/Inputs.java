// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.spi.Walk;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/** The tensors from outside that a segment uses, in order of first use, and what they were then. */
final class Inputs {
    private static final BitSet NONE = new BitSet();

    private Input[] inputs = new Input[8];
    private int count;
    /** The storage that was last found to hold several, and the number of the first in it. */
    private @Nullable Storage common;

    private int firstInCommon;
    /** The numbers of those inputs that share their storage with later ones. */
    private BitSet shared = NONE;

    private static final class Input {
        final Tensor tensor;
        final NdArray array;
        final int number;
        final int version;
        final int writes;

        Input(Tensor tensor, NdArray array, int number) {
            this.tensor = tensor;
            this.array = array;
            this.number = number;
            this.version = tensor.version();
            this.writes = tensor.writes();
        }

        boolean isUnchanged() {
            return tensor.version() == version && tensor.writes() == writes;
        }
    }

    /** Takes in an input, whose value has this number, and whose storage is {@linkplain Storage#awaitedBy awaited}. */
    void add(Tensor tensor, NdArray array, int number, int alias) {
        if (count == inputs.length) {
            inputs = Arrays.copyOf(inputs, 2 * count);
        }
        inputs[count++] = new Input(tensor, array, number);
        if (alias != Walk.NONE) {
            shared = shared == NONE ? new BitSet() : shared;
            shared.set(alias);
        }
    }

    /** The number of the first input in a storage, or {@link Walk#NONE}. */
    int in(Storage storage) {
        if (storage == common) {
            return firstInCommon;
        }
        for (int i = 0; i < count; i++) {
            if (inputs[i].array.storage() == storage) {
                common = storage;
                firstInCommon = inputs[i].number;
                return firstInCommon;
            }
        }
        return Walk.NONE;
    }

    /** The number of a tensor, or {@link Walk#NONE}. */
    int of(Tensor tensor) {
        for (int i = 0; i < count; i++) {
            if (inputs[i].tensor == tensor) {
                return inputs[i].number;
            }
        }
        return Walk.NONE;
    }

    /** True if an input, the first in its storage, is not the only one there. */
    boolean isShared(int number) {
        return shared.get(number);
    }

    int count() {
        return count;
    }

    /** The tensor at a place in the order of first use. */
    Tensor get(int place) {
        return inputs[place].tensor;
    }

    /** All, in order. */
    Tensor[] tensors() {
        Tensor[] tensors = new Tensor[count];
        for (int i = 0; i < count; i++) {
            tensors[i] = inputs[i].tensor;
        }
        return tensors;
    }

    /** Their arrays, in order. */
    NdArray[] arrays() {
        NdArray[] arrays = new NdArray[count];
        for (int i = 0; i < count; i++) {
            arrays[i] = inputs[i].array;
        }
        return arrays;
    }

    /** True if nobody has written to the input at this place since its first use. */
    boolean isUnchanged(int place) {
        return inputs[place].isUnchanged();
    }

    /** True if nobody has written to an input since its first use. */
    boolean areUnchanged() {
        for (int i = 0; i < count; i++) {
            if (!inputs[i].isUnchanged()) {
                return false;
            }
        }
        return true;
    }

    /** Says that a reader has read them. */
    void read(Storage.Reader reader) {
        for (int i = 0; i < count; i++) {
            inputs[i].array.storage().readBy(reader);
        }
    }

    /** Says that the writes to them that are queued are made now. */
    void settle() {
        for (int i = 0; i < count; i++) {
            inputs[i].array.storage().settle();
        }
    }
}

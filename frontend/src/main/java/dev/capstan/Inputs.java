// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.spi.Walk;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The tensors from outside that a segment uses, in order of first use, and what they were then. */
final class Inputs {
    /** As many are found sooner one after another than by a hash. */
    private static final int FEW = 8;

    private Input[] inputs = new Input[4];
    private int count;
    /** By the hash of a storage its first input; empty while there are few. */
    private @Nullable Input[] table = {};

    private static final class Input {
        final Tensor tensor;
        final NdArray array;
        final int number;
        final int version;
        final int writes;
        /** The next input in the same storage. */
        @Nullable
        Input next;

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

    /** Takes in an input, whose value has this number, and which this reader will read later. */
    void add(Tensor tensor, NdArray array, int number, Storage.Reader reader) {
        array.storage().awaitedBy(reader);
        if (count == inputs.length) {
            inputs = Arrays.copyOf(inputs, 2 * count);
        }
        Input input = new Input(tensor, array, number);
        inputs[count++] = input;
        if (count > FEW && 2 * count > table.length) {
            table = new Input[4 * inputs.length];
            for (int i = 0; i < count; i++) {
                inputs[i].next = null;
                enter(inputs[i]);
            }
        } else {
            enter(input);
        }
    }

    private void enter(Input input) {
        Input last = first(input.array.storage());
        if (last == null || last == input) {
            if (table.length > 0) {
                table[slot(input.array.storage())] = input;
            }
            return;
        }
        while (last.next != null) {
            last = last.next;
        }
        last.next = input;
    }

    /** Where the table has a storage, or has room for it. */
    private int slot(Storage storage) {
        int at = System.identityHashCode(storage) & table.length - 1;
        while (table[at] != null && table[at].array.storage() != storage) {
            at = at + 1 & table.length - 1;
        }
        return at;
    }

    private @Nullable Input first(Storage storage) {
        if (table.length > 0) {
            return table[slot(storage)];
        }
        for (int i = 0; i < count; i++) {
            if (inputs[i].array.storage() == storage) {
                return inputs[i];
            }
        }
        return null;
    }

    /** The number of the first input in a storage, or {@link Walk#NONE}. */
    int in(Storage storage) {
        Input first = first(storage);
        return first == null ? Walk.NONE : first.number;
    }

    /** The number of a tensor that lies in this storage, or {@link Walk#NONE}. */
    int of(Tensor tensor, Storage storage) {
        for (Input input = first(storage); input != null; input = input.next) {
            if (input.tensor == tensor) {
                return input.number;
            }
        }
        return Walk.NONE;
    }

    int count() {
        return count;
    }

    /** The tensor at a place in the order of first use. */
    Tensor get(int place) {
        return inputs[place].tensor;
    }

    /** The tensor whose value has this number, null if that is no input. */
    @Nullable
    Tensor at(int number) {
        int from = 0;
        int to = count;
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (inputs[middle].number == number) {
                return inputs[middle].tensor;
            }
            from = inputs[middle].number < number ? middle + 1 : from;
            to = inputs[middle].number < number ? to : middle;
        }
        return null;
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

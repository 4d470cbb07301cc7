// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.spi.Program;
import dev.capstan.runtime.spi.Walk;
import java.util.Arrays;
import java.util.List;

/** The tensors from outside that a segment uses, in order of first use, and what they were then. */
final class Inputs {
    /** As many are found sooner one after another than by a hash. */
    private static final int FEW = 8;

    private Tensor[] tensors = new Tensor[FEW];
    private Storage[] storages = new Storage[FEW];
    private int[] numbers = new int[FEW];
    private int[] versions = new int[FEW];
    private int[] writes = new int[FEW];
    private int count;
    /** By the hash of a storage one more than the place of its first input; empty while there are few. */
    private int[] table = {};

    /** Takes in an input, whose value has this number. */
    void add(Tensor tensor, Storage storage, int number) {
        if (count == tensors.length) {
            tensors = Arrays.copyOf(tensors, 2 * count);
            storages = Arrays.copyOf(storages, 2 * count);
            numbers = Arrays.copyOf(numbers, 2 * count);
            versions = Arrays.copyOf(versions, 2 * count);
            writes = Arrays.copyOf(writes, 2 * count);
            table = new int[4 * tensors.length];
            for (int i = 0; i < count; i++) {
                enter(i);
            }
        }
        tensors[count] = tensor;
        storages[count] = storage;
        numbers[count] = number;
        versions[count] = tensor.version();
        writes[count] = tensor.writes();
        count++;
        if (table.length > 0) {
            enter(count - 1);
        }
    }

    private void enter(int place) {
        int at = slot(storages[place]);
        if (table[at] == 0) {
            table[at] = place + 1;
        }
    }

    /** Where the table has a storage, or has room for it. */
    private int slot(Storage storage) {
        int at = System.identityHashCode(storage) & table.length - 1;
        while (table[at] != 0 && storages[table[at] - 1] != storage) {
            at = at + 1 & table.length - 1;
        }
        return at;
    }

    private int first(Storage storage) {
        if (table.length > 0) {
            return table[slot(storage)] - 1;
        }
        for (int i = 0; i < count; i++) {
            if (storages[i] == storage) {
                return i;
            }
        }
        return -1;
    }

    /** The number of the first input in a storage, or {@link Walk#NONE}. */
    int in(Storage storage) {
        int place = first(storage);
        return place < 0 ? Walk.NONE : numbers[place];
    }

    /** The number of a tensor that lies in this storage, or {@link Walk#NONE}. */
    int of(Tensor tensor, Storage storage) {
        int place = first(storage);
        if (place < 0 || tensors[place] == tensor) {
            return place < 0 ? Walk.NONE : numbers[place];
        }
        for (int i = place + 1; i < count; i++) {
            if (tensors[i] == tensor) {
                return numbers[i];
            }
        }
        return Walk.NONE;
    }

    /** How many there are. */
    int count() {
        return count;
    }

    /** The tensor at a place in the order of first use. */
    Tensor get(int place) {
        return tensors[place];
    }

    /** All, in order. */
    List<Tensor> all() {
        return Arrays.asList(tensors).subList(0, count);
    }

    NdArray[] arrays() {
        NdArray[] arrays = new NdArray[count];
        for (int i = 0; i < count; i++) {
            arrays[i] = tensors[i].values();
        }
        return arrays;
    }

    /** True if nobody has written to an input since its first use. */
    boolean areUnchanged() {
        for (int i = 0; i < count; i++) {
            if (tensors[i].version() != versions[i] || tensors[i].writes() != writes[i]) {
                return false;
            }
        }
        return true;
    }

    /** Refuses a backward pass for which an input would have to be as it was. */
    void verify(Program.Saved saved, String node) {
        int place = saved.input();
        SavedTensor.verify(node, tensors[place].version(), versions[place], saved.type());
    }

    /** Says that the writes to them that are queued are made now. */
    void settle() {
        for (int i = 0; i < count; i++) {
            storages[i].settle();
        }
    }
}

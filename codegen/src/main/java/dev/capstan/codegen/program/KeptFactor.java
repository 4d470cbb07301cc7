// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.kernel.Contraction;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.type.Layout;
import java.lang.ref.SoftReference;
import java.lang.ref.WeakReference;

/**
 * A weight of which a program keeps a copy in the order that its products read, once it has been the same for some calls
 * running and for a while: a write by another thread is counted when it begins. The copy is dropped by the first call that
 * finds another storage or a storage that was written to, and by the garbage collector where memory is short; each time, the
 * next is made after twice as many calls. Safe for use by many threads.
 */
final class KeptFactor {
    private static final int FIRST_PATIENCE = 16;
    private static final int LAST_PATIENCE = 1 << 16;
    /** No write that has begun is still going on after so long. */
    private static final long SETTLED_NANOS = 50_000_000;

    private final Packing.Factor factor;
    private volatile Sighting last = new Sighting(new WeakReference<>(null), 0, 0, 0, null);
    /** How many calls have found it the same. A count that is lost between threads does no harm. */
    private int calls;

    private int patience = FIRST_PATIENCE;

    /**
     * What a call found.
     *
     * @param writes the storage's count of writes before the copy was made
     * @param since when it was first found so
     * @param copy the elements as they were then, never changed; null if there is none
     */
    private record Sighting(
            WeakReference<Storage> storage, int writes, int offset, long since, SoftReference<Object> copy) {
        boolean isOf(Storage other, int otherWrites, int otherOffset) {
            return writes == otherWrites && offset == otherOffset && storage.refersTo(other);
        }
    }

    KeptFactor(Packing.Factor factor) {
        this.factor = factor;
    }

    /** The scratch array in whose place the copy is handed on. */
    int pack() {
        return factor.pack();
    }

    /** The copy if there is one of these elements, or if the time has come to make one; else null. */
    Object find(Object[] arrays, int[] offsets, Storage[] sources) {
        int slot = factor.place().slot();
        Storage source = sources[slot];
        int writes = source.writes();
        Sighting found = last;
        if (!found.isOf(source, writes, offsets[slot])) {
            if (found.copy() != null) {
                patience = Math.min(2 * patience, LAST_PATIENCE);
            }
            calls = 0;
            WeakReference<Storage> storage =
                    found.storage().refersTo(source) ? found.storage() : new WeakReference<>(source);
            last = new Sighting(storage, writes, offsets[slot], System.nanoTime(), null);
            return null;
        }
        if (found.copy() != null) {
            Object copy = found.copy().get();
            if (copy == null) {
                patience = Math.min(2 * patience, LAST_PATIENCE);
                calls = 0;
                last = new Sighting(found.storage(), writes, offsets[slot], found.since(), null);
            }
            return copy;
        }
        if (++calls < patience || System.nanoTime() - found.since() < SETTLED_NANOS) {
            return null;
        }
        Object copy = copy(arrays[slot], offsets[slot]);
        last = new Sighting(found.storage(), writes, offsets[slot], found.since(), new SoftReference<>(copy));
        return copy;
    }

    private Object copy(Object array, int offset) {
        Layout layout = factor.place().layout();
        int first = offset + layout.offset();
        int k = layout.shape().size(0);
        int n = layout.shape().size(1);
        Contraction contraction = Contraction.instance();
        return array instanceof float[] floats
                ? contraction.keep(floats, first, layout.stride(0), layout.stride(1), k, n)
                : contraction.keep((double[]) array, first, layout.stride(0), layout.stride(1), k, n);
    }

    /** Bytes of the copy; 0 while there is none. */
    long memory() {
        SoftReference<Object> copy = last.copy();
        Object array = copy == null ? null : copy.get();
        if (array == null) {
            return 0;
        }
        return array instanceof float[] floats ? 4L * floats.length : 8L * ((double[]) array).length;
    }
}

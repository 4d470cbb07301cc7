// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.memory;

import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;

/**
 * The heap array behind one or more views, with a version that counts writes. Float32 lies in a {@code float[]}, float64
 * in a {@code double[]}, int64 in a {@code long[]}, int32 in an {@code int[]}, uint8 and bool in a {@code byte[]}.
 */
public final class Storage {
    private static final AtomicReferenceFieldUpdater<Storage, Reader> READER =
            AtomicReferenceFieldUpdater.newUpdater(Storage.class, Reader.class, "reader");

    private final DType dtype;
    private final Object array;
    private int writes;
    private int deferredWrites;
    private int uncounted;
    private int deferredUncounted;
    private volatile Runnable pendingWrite;
    private Storage followed;
    private volatile Reader reader;

    /** Somebody who will read the elements as they are now. */
    @FunctionalInterface
    public interface Reader {
        /** Reads them before another thread writes to this storage. */
        void beforeWrite(Storage storage);
    }

    /** More than one, as when threads share a tensor. */
    private record Readers(List<Reader> all) implements Reader {
        @Override
        public void beforeWrite(Storage storage) {
            all.forEach(one -> one.beforeWrite(storage));
        }

        /** All that there are then. */
        static List<Reader> of(Reader reader) {
            return reader == null ? List.of() : reader instanceof Readers several ? several.all : List.of(reader);
        }

        static Reader with(Reader before, Reader later) {
            List<Reader> all = new ArrayList<>(of(before));
            all.add(later);
            return new Readers(List.copyOf(all));
        }

        static Reader without(Reader before, Reader done) {
            List<Reader> rest = of(before).stream().filter(one -> one != done).toList();
            return rest.isEmpty() ? null : rest.size() == 1 ? rest.get(0) : new Readers(rest);
        }
    }

    private Storage(DType dtype, Object array) {
        this.dtype = dtype;
        this.array = array;
    }

    /** New storage of zeros. */
    public static Storage allocate(DType dtype, int elements) {
        return new Storage(dtype, newArray(dtype, elements));
    }

    /** Storage around an array of the type's Java form; the array is not copied. */
    public static Storage of(DType dtype, Object array) {
        if (array.getClass() != arrayClass(dtype)) {
            throw new IllegalArgumentException(
                    dtype + " is not held in a " + array.getClass().getSimpleName());
        }
        return new Storage(dtype, array);
    }

    /** A Java array of zeros in the type's Java form. */
    public static Object newArray(DType dtype, int elements) {
        return switch (dtype) {
            case FLOAT32 -> new float[elements];
            case FLOAT64 -> new double[elements];
            case INT64 -> new long[elements];
            case INT32 -> new int[elements];
            case UINT8, BOOL -> new byte[elements];
        };
    }

    /** The Java array class that holds a type. */
    public static Class<?> arrayClass(DType dtype) {
        return switch (dtype) {
            case FLOAT32 -> float[].class;
            case FLOAT64 -> double[].class;
            case INT64 -> long[].class;
            case INT32 -> int[].class;
            case UINT8, BOOL -> byte[].class;
        };
    }

    /** The element type. */
    public DType dtype() {
        return dtype;
    }

    /** The array itself. Whoever writes to it calls {@link #written()}. A write that is still queued is made first. */
    public Object array() {
        Runnable write = pendingWrite;
        if (write != null) {
            write.run();
        }
        return array;
    }

    /**
     * Records a write that is queued, and not made before somebody asks for the array.
     *
     * @param write makes the write, and says so by {@link #settle()} before it touches the array
     * @param counted false for a write that will be followed by {@link #discount()}
     */
    public void defer(Runnable write, boolean counted) {
        deferredWrites++;
        deferredUncounted += counted ? 0 : 1;
        pendingWrite = write;
    }

    /** Forgets the queued writes: they are made now, and then count as {@link #written()}. */
    public void settle() {
        deferredWrites = 0;
        deferredUncounted = 0;
        pendingWrite = null;
    }

    /**
     * Says that somebody will read the elements later, as they are now. Any thread may.
     *
     * @return false if that one has said so before
     */
    public boolean awaitedBy(Reader later) {
        while (true) {
            Reader before = reader;
            if (before == null) {
                if (READER.compareAndSet(this, null, later)) {
                    return true;
                }
            } else if (Readers.of(before).contains(later)) {
                return false;
            } else if (READER.compareAndSet(this, before, Readers.with(before, later))) {
                return true;
            }
        }
    }

    /** Whether somebody, or somebody else as well, will read the elements. */
    public boolean isAwaited() {
        return reader != null;
    }

    /** Says that somebody has read them. */
    public void readBy(Reader done) {
        if (READER.compareAndSet(this, done, null)) {
            return;
        }
        Reader before = reader;
        while (Readers.of(before).contains(done)
                && !READER.compareAndSet(this, before, Readers.without(before, done))) {
            before = reader;
        }
    }

    /** Lets them be read by whoever will, because they are going to be overwritten. */
    public void beforeWrite() {
        Reader waiting = reader;
        if (waiting != null) {
            waiting.beforeWrite(this);
        }
    }

    /** Number of elements. */
    public int elements() {
        return java.lang.reflect.Array.getLength(array);
    }

    /** Counts the writes since allocation, queued ones included, but for those that were discounted. */
    public int version() {
        int own = writes() - uncounted - deferredUncounted;
        return followed == null ? own : own + followed.version();
    }

    /**
     * Adds another storage's {@link #version()} to this one's from now on: what lies here was made again, and stands for
     * what lies there.
     */
    public void follow(Storage other) {
        followed = other;
    }

    /** Counts all writes since allocation, queued ones included: as long as it stays, the elements do. */
    public int writes() {
        return writes + deferredWrites;
    }

    /** Says that what was written so far has made the elements: writes count from now on. */
    public void made() {
        writes = 0;
    }

    /** Records a write in place. */
    public void written() {
        writes++;
    }

    /** Takes the last write out of the {@link #version()}: it was made through a tensor that counts its own. */
    public void discount() {
        uncounted++;
    }
}

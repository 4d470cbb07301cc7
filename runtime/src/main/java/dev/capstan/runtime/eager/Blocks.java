// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.type.DType;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The block buffers of one thread, made when first asked for, and the blocks of constants that all threads share. */
final class Blocks {
    /** Elements per block: a handful of blocks of float64 fits a first-level cache of 32 KB. */
    static final int SIZE = 512;

    private static final ThreadLocal<Blocks> OWN = ThreadLocal.withInitial(Blocks::new);

    private static final int REMEMBERED_CONSTANTS = 4096;

    private static final Map<Constant, WeakReference<Object>> CONSTANTS = new ConcurrentHashMap<>();

    private final Object[][] buffers = new Object[DType.values().length][8];
    private final Object[][] rows = new Object[DType.values().length][Fold.LANES + Fold.MOST_PENDING];

    private Blocks() {}

    /** The calling thread's buffers. */
    static Blocks own() {
        return OWN.get();
    }

    /** One of the buffers for elements of a type. */
    Object buffer(DType type, int number) {
        Object[] ofType = buffers[type.ordinal()];
        if (number >= ofType.length) {
            ofType = Arrays.copyOf(ofType, Math.max(number + 1, 2 * ofType.length));
            buffers[type.ordinal()] = ofType;
        }
        Object buffer = ofType[number];
        if (buffer == null) {
            buffer = Storage.newArray(type, SIZE);
            ofType[number] = buffer;
        }
        return buffer;
    }

    /** One of the blocks in which reductions keep lanes and pending results of many columns. */
    Object row(DType type, int number) {
        Object[] ofType = rows[type.ordinal()];
        if (ofType[number] == null) {
            ofType[number] = Storage.newArray(type, SIZE);
        }
        return ofType[number];
    }

    /** A block whose elements all are one constant; it must not be written to. */
    static Object constant(DType type, long bits) {
        Constant key = new Constant(type, bits);
        WeakReference<Object> known = CONSTANTS.get(key);
        Object block = known == null ? null : known.get();
        if (block == null) {
            block = filled(type, bits);
            if (CONSTANTS.size() > REMEMBERED_CONSTANTS) {
                CONSTANTS.values().removeIf(reference -> reference.get() == null);
            }
            CONSTANTS.put(key, new WeakReference<>(block));
        }
        return block;
    }

    private static Object filled(DType type, long bits) {
        Object block = Storage.newArray(type, SIZE);
        switch (type) {
            case FLOAT32 -> Arrays.fill((float[]) block, (float) Double.longBitsToDouble(bits));
            case FLOAT64 -> Arrays.fill((double[]) block, Double.longBitsToDouble(bits));
            case INT64 -> Arrays.fill((long[]) block, bits);
            case INT32 -> Arrays.fill((int[]) block, (int) bits);
            case UINT8 -> Arrays.fill((byte[]) block, (byte) bits);
            case BOOL -> Arrays.fill((byte[]) block, (byte) (bits != 0 ? 1 : 0));
        }
        return block;
    }

    private record Constant(DType type, long bits) {}
}

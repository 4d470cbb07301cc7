// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import java.util.Map;
import java.util.TreeMap;

/** Hands out parts of one array, first fit, each begun at a multiple of a cache line. */
final class Arena {
    private static final int CACHE_LINE_BYTES = 64;

    private final DType dtype;
    private final TreeMap<Integer, Integer> free = new TreeMap<>();
    private int end;

    Arena(DType dtype) {
        this.dtype = dtype;
    }

    /** The beginning of so many elements, which nobody else gets until they are released. */
    int allocate(int elements) {
        int size = rounded(elements);
        for (Map.Entry<Integer, Integer> gap : free.entrySet()) {
            if (gap.getValue() >= size) {
                return take(gap.getKey(), gap.getValue(), size);
            }
        }
        Map.Entry<Integer, Integer> last = free.lastEntry();
        if (last != null && last.getKey() + last.getValue() == end) {
            grow(size - last.getValue());
            return take(last.getKey(), size, size);
        }
        int offset = end;
        grow(size);
        return offset;
    }

    private int take(int offset, int available, int size) {
        free.remove(offset);
        if (available > size) {
            free.put(offset + size, available - size);
        }
        return offset;
    }

    private void grow(int by) {
        if (end > Integer.MAX_VALUE - by) {
            throw new CapstanException("schedule", "more than 2^31 - 1 elements of memory", dtype.toString());
        }
        end += by;
    }

    /** Gives elements back. */
    void release(int offset, int elements) {
        int size = rounded(elements);
        if (size == 0) {
            return;
        }
        int from = offset;
        int to = offset + size;
        Map.Entry<Integer, Integer> before = free.floorEntry(offset);
        if (before != null && before.getKey() + before.getValue() == offset) {
            from = before.getKey();
        }
        Integer after = free.remove(to);
        free.put(from, to + (after == null ? 0 : after) - from);
    }

    private int rounded(int elements) {
        int line = CACHE_LINE_BYTES / dtype.bytes();
        long size = (elements + line - 1L) / line * line;
        return (int) Math.min(size, Integer.MAX_VALUE);
    }

    /** The number of elements that the array must have. */
    int size() {
        return end;
    }
}

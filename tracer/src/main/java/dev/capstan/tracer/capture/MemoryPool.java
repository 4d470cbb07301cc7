// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.capture;

import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.type.DType;
import dev.capstan.tracer.schedule.Schedule.Slot;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/**
 * Arrays that one program's runs use again. What a run never gives back (a forward pass without a backward one) is left to
 * the garbage collector.
 */
final class MemoryPool {
    /** More than this many idle arrays of a kind are not kept: as many runs were once under way at the same time. */
    private static final int IDLE_LIMIT = 4;

    private final Map<Size, ArrayDeque<Object>> idle = new HashMap<>();

    private record Size(DType dtype, int elements) {}

    Object take(Slot slot) {
        synchronized (this) {
            ArrayDeque<Object> arrays = idle.get(new Size(slot.dtype(), slot.elements()));
            if (arrays != null && !arrays.isEmpty()) {
                return arrays.pop();
            }
        }
        return Storage.newArray(slot.dtype(), slot.elements());
    }

    synchronized void giveBack(Slot slot, Object array) {
        ArrayDeque<Object> arrays =
                idle.computeIfAbsent(new Size(slot.dtype(), slot.elements()), size -> new ArrayDeque<>());
        if (arrays.size() < IDLE_LIMIT) {
            arrays.push(array);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.capture;

import dev.capstan.runtime.memory.Storage;
import dev.capstan.tracer.schedule.Schedule;
import dev.capstan.tracer.schedule.Schedule.Slot;
import java.util.concurrent.atomic.AtomicReference;

/** The arrays of one schedule's slots, as its runs take and leave them. Arenas stay in their places from run to run. */
final class Frames {
    private final Slot[] slots;
    private final MemoryPool pool;
    /** The frame of the last run that ended, for the next one; another run at the same time takes its own. */
    private final AtomicReference<Frame> idle = new AtomicReference<>();

    /** The arrays of one run. */
    static final class Frame {
        final Object[] arrays;
        final int[] offsets;
        /** Whose arrays they are, for those from outside. */
        final Storage[] sources;

        private Frame(int slots) {
            arrays = new Object[slots];
            offsets = new int[slots];
            sources = new Storage[slots];
        }
    }

    Frames(Schedule schedule, MemoryPool pool) {
        this.slots = schedule.slots().toArray(new Slot[0]);
        this.pool = pool;
    }

    /** Bytes of the arenas. */
    long memory() {
        long sum = 0;
        for (Slot slot : slots) {
            sum += slot.kind() == Schedule.Kind.ARENA ? slot.bytes() : 0;
        }
        return sum;
    }

    Slot slot(int index) {
        return slots[index];
    }

    /** A frame with arenas, in which all other arrays are missing and all offsets are 0. */
    Frame take() {
        Frame frame = idle.getAndSet(null);
        if (frame != null) {
            return frame;
        }
        frame = new Frame(slots.length);
        for (int i = 0; i < slots.length; i++) {
            if (slots[i].kind() == Schedule.Kind.ARENA) {
                frame.arrays[i] = pool.take(slots[i]);
            }
        }
        return frame;
    }

    /** Takes a frame back, and lets go of what is not an arena. */
    void giveBack(Frame frame) {
        for (int i = 0; i < slots.length; i++) {
            if (slots[i].kind() != Schedule.Kind.ARENA) {
                frame.arrays[i] = null;
                frame.offsets[i] = 0;
                frame.sources[i] = null;
            }
        }
        if (!idle.compareAndSet(null, frame)) {
            for (int i = 0; i < slots.length; i++) {
                if (slots[i].kind() == Schedule.Kind.ARENA) {
                    pool.giveBack(slots[i], frame.arrays[i]);
                }
            }
        }
    }
}

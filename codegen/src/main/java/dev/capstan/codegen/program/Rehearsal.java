// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.runtime.memory.Storage;
import dev.capstan.tracer.capture.ScheduleCompiler.CompiledSchedule;
import dev.capstan.tracer.schedule.Schedule;
import dev.capstan.tracer.schedule.Schedule.Slot;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Runs a program on arrays of its own until it gets no faster: kernels that are warm meet the sizes and branches of this
 * program, and the driver itself is compiled.
 */
final class Rehearsal {
    /** Runs of a round, or as many as there is time for. */
    private static final int RUNS = 50;

    private static final long ROUND_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(3);

    /** Rounds in a row without a gain of a tenth after which nothing more is expected. */
    private static final int STABLE_ROUNDS = 4;

    /** More than this is not allocated for a rehearsal: large programs spend their time in kernels, which are warm. */
    private static final long MOST_BYTES = 1L << 28;

    private final CompiledSchedule program;
    private final Object[] arrays;
    private final int[] offsets;
    private final long begin = System.nanoTime();
    private double best = Double.POSITIVE_INFINITY;
    private int stable;

    Rehearsal(CompiledSchedule program, Schedule schedule) {
        this.program = program;
        List<Slot> slots = schedule.slots();
        long bytes = 0;
        for (Slot slot : slots) {
            bytes += slot.bytes();
        }
        this.arrays =
                bytes > MOST_BYTES ? null : slots.stream().map(Rehearsal::array).toArray();
        this.offsets = new int[slots.size()];
    }

    /** A round of runs; tells whether it was the last. */
    boolean advance() {
        if (arrays == null) {
            return true;
        }
        long round = System.nanoTime();
        int count = 0;
        long nanos;
        do {
            program.run(arrays, offsets);
            count++;
            nanos = System.nanoTime() - round;
        } while (count < RUNS && nanos < ROUND_NANOS);
        double each = (double) nanos / count;
        stable = each < 0.9 * best ? 0 : stable + 1;
        best = Math.min(best, each);
        return stable >= STABLE_ROUNDS || round - begin > PATIENCE;
    }

    /** Numbers between which no operation meets infinities or subnormal numbers soon. */
    private static Object array(Slot slot) {
        Object array = Storage.newArray(slot.dtype(), slot.elements());
        if (array instanceof float[] floats) {
            Arrays.fill(floats, 0.5f);
        } else if (array instanceof double[] doubles) {
            Arrays.fill(doubles, 0.5);
        }
        return array;
    }
}

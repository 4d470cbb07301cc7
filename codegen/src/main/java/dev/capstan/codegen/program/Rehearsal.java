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
    private static final int FEWEST_RUNS = 200;
    private static final long FEWEST_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(3);

    /** Rounds in a row without a gain of a tenth after which nothing more is expected. */
    private static final int STABLE_ROUNDS = 5;

    /** More than this is not allocated for a rehearsal: large programs spend their time in kernels, which are warm. */
    private static final long MOST_BYTES = 1L << 28;

    private Rehearsal() {}

    static void run(CompiledSchedule program, Schedule schedule) {
        List<Slot> slots = schedule.slots();
        if (slots.stream()
                        .mapToLong(slot -> (long) slot.elements() * slot.dtype().bytes())
                        .sum()
                > MOST_BYTES) {
            return;
        }
        Object[] arrays = new Object[slots.size()];
        for (int i = 0; i < arrays.length; i++) {
            arrays[i] = array(slots.get(i));
        }
        int[] offsets = new int[arrays.length];
        long begin = System.nanoTime();
        double best = Double.POSITIVE_INFINITY;
        int stable = 0;
        int runs = 0;
        while (stable < STABLE_ROUNDS || runs < FEWEST_RUNS && System.nanoTime() - begin < FEWEST_NANOS) {
            long round = System.nanoTime();
            int count = 0;
            do {
                program.run(arrays, offsets);
                count++;
            } while (count < FEWEST_RUNS / 4 && System.nanoTime() - round < FEWEST_NANOS);
            double nanos = (double) (System.nanoTime() - round) / count;
            stable = nanos < 0.9 * best ? 0 : stable + 1;
            best = Math.min(best, nanos);
            runs += count;
            if (System.nanoTime() - begin > PATIENCE || Thread.currentThread().isInterrupted()) {
                return;
            }
        }
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

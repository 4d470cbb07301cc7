// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.capture;

import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.spi.PathReport;
import dev.capstan.runtime.spi.Tier;
import dev.capstan.tracer.schedule.Schedule;
import java.util.List;

/** Makes a schedule executable. Capture is given one; it does not know how code is generated. Safe for use by many threads. */
public interface ScheduleCompiler {
    /**
     * Compiles a schedule, on the caller's thread.
     *
     * @param name the name of the generated class in listings, for example {@code SineRnn_0_forward}; characters that a
     *     Java identifier does not allow are replaced
     * @param schedule what to run
     * @param tier how to run it. {@link Tier#RISING} lets nothing that is slow at first run on the threads that use the
     *     program: code is generated and warmed on a thread of the compiler's own
     */
    CompiledSchedule compile(String name, Schedule schedule, Tier tier);

    /** A schedule in executable form. It keeps its generated class alive, and nothing else does. */
    interface CompiledSchedule {
        /**
         * Executes all steps. Several threads may do so at once with different arrays.
         *
         * @param arrays the Java array of each slot, in the order of {@link Schedule#slots()}
         * @param offsets where each slot's elements begin in its array: not 0 only for arrays from outside
         */
        void run(Object[] arrays, int[] offsets);

        /**
         * The same, told where the arrays come from: what stays the same from call to call may be kept in another order.
         *
         * @param sources the storage of each {@link Schedule.Kind#INPUT} slot
         */
        default void run(Object[] arrays, int[] offsets, Storage[] sources) {
            run(arrays, offsets);
        }

        /** Bytes of what is kept between calls; 0 while there is nothing. */
        default long kept() {
            return 0;
        }

        /** Bytes of the class file that was generated for it alone; 0 while there is none. */
        long code();

        /** How it runs at present, and since when: a few words for people. */
        String tier();

        /** What was generated, readable: steps and kernels, Java rendition, bytecode, class files. */
        List<PathReport.Artifact> artifacts();
    }
}

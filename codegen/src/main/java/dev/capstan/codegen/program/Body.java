// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.fusion.RecentlyUsed;
import dev.capstan.tracer.schedule.Repetition;
import dev.capstan.tracer.schedule.Schedule;
import java.util.BitSet;
import java.util.Map;

/**
 * The driver of what is repeated, which all programs that repeat it share: a sequence of another length needs no other
 * class.
 */
final class Body {
    /** So many are remembered; those used last. One that is forgotten lives on in programs that call it. */
    private static final int MOST = 256;

    private static final Map<Key, Body> KNOWN = new RecentlyUsed<>(MOST);
    private static int generated;

    private final Schedule schedule;
    private final GeneratedProgram program;
    private Rehearsal rehearsal;
    private boolean warm;

    /** @param constant the slots that are the same each time, and are not written */
    private record Key(Schedule schedule, BitSet constant) {}

    private Body(String name, Key key) {
        this.schedule = key.schedule;
        this.program = GeneratedProgram.of(name, schedule, DriverTree.of(name, schedule, key.constant));
    }

    /** The body of a repetition, generated if it is new. */
    static Body of(Repetition repetition) {
        synchronized (KNOWN) {
            return KNOWN.computeIfAbsent(
                    new Key(repetition.body(), repetition.constant()), key -> new Body("Body" + generated++, key));
        }
    }

    GeneratedProgram program() {
        return program;
    }

    /** A round of runs on arrays of its own; true when it is warm. Its kernels must be warm before. */
    synchronized boolean rehearse() {
        if (!warm) {
            if (rehearsal == null) {
                rehearsal = new Rehearsal(program, schedule);
            }
            warm = rehearsal.advance();
            if (warm) {
                rehearsal = null;
            }
        }
        return warm;
    }
}

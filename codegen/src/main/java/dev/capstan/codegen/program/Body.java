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
                    new Key(repetition.body(), constant(repetition)), key -> new Body("Body" + generated++, key));
        }
    }

    /** The slots that lie in one place all the time, where nothing is written. */
    private static BitSet constant(Repetition repetition) {
        Schedule body = repetition.body();
        BitSet written = new BitSet();
        body.steps().forEach(step -> step.outputs().forEach(place -> written.set(place.slot())));
        BitSet constant = new BitSet();
        for (int slot = 0; slot < body.slots().size(); slot++) {
            boolean same = true;
            for (int time = 0; same && time < repetition.times(); time++) {
                same = repetition.slot(time, slot) == repetition.slot(0, slot)
                        && repetition.offset(time, slot) == repetition.offset(0, slot);
                for (int other = written.nextSetBit(0); same && other >= 0; other = written.nextSetBit(other + 1)) {
                    same = !overlap(repetition, time, slot, other);
                }
            }
            constant.set(slot, same);
        }
        return constant;
    }

    private static boolean overlap(Repetition repetition, int time, int a, int b) {
        int fromA = repetition.offset(time, a);
        int fromB = repetition.offset(time, b);
        return repetition.slot(time, a) == repetition.slot(time, b)
                && fromA < fromB + repetition.body().slots().get(b).elements()
                && fromB < fromA + repetition.body().slots().get(a).elements();
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

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.inspect.Artifacts;
import dev.capstan.codegen.kernel.GeneratedClass;
import dev.capstan.runtime.spi.PathReport.Artifact;
import dev.capstan.tracer.capture.ScheduleCompiler.CompiledSchedule;
import dev.capstan.tracer.schedule.Repetition;
import dev.capstan.tracer.schedule.Schedule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A program with loops. What repeats is a driver that takes the arrays and positions of each time from a table; the few
 * steps between are run one by one. Nothing in it is generated for its lengths.
 */
final class RolledProgram implements CompiledSchedule {
    private final String name;
    private final Schedule schedule;
    private final List<Part> parts = new ArrayList<>();
    private final Set<Body> bodies = new LinkedHashSet<>();

    private interface Part {
        void run(Object[] arrays, int[] offsets);
    }

    /** @param steps of the same schedule */
    RolledProgram(String name, Schedule schedule, StepByStep steps) {
        this.name = name;
        this.schedule = schedule;
        int step = 0;
        for (Repetition repetition : schedule.repetitions()) {
            addSteps(steps, step, repetition.first());
            Body body = Body.of(repetition);
            bodies.add(body);
            parts.add(new Loop(body.program(), repetition));
            step = repetition.end();
        }
        addSteps(steps, step, schedule.steps().size());
    }

    private void addSteps(StepByStep steps, int from, int to) {
        for (int step = from; step < to; step++) {
            steps.task(step).ifPresent(task -> parts.add(task::run));
        }
    }

    /**
     * The steps for which kernels of their own are of use: one time of each repetition, and those outside of repetitions
     * unless they are known but for a number, which is mostly a length.
     */
    static List<StepByStep.Task> distinct(Schedule schedule, StepByStep steps) {
        List<StepByStep.Task> distinct = new ArrayList<>();
        int step = 0;
        for (Repetition repetition : schedule.repetitions()) {
            addOutside(distinct, steps, step, repetition.first());
            int end = repetition.first() + repetition.body().steps().size();
            for (step = repetition.first(); step < end; step++) {
                steps.task(step).ifPresent(distinct::add);
            }
            step = repetition.end();
        }
        addOutside(distinct, steps, step, schedule.steps().size());
        return distinct;
    }

    /** The steps of repetitions but for their first times. */
    static List<StepByStep.Task> repeated(Schedule schedule, StepByStep steps) {
        List<StepByStep.Task> repeated = new ArrayList<>();
        for (Repetition repetition : schedule.repetitions()) {
            int second = repetition.first() + repetition.body().steps().size();
            for (int step = second; step < repetition.end(); step++) {
                steps.task(step).ifPresent(repeated::add);
            }
        }
        return repeated;
    }

    private static void addOutside(List<StepByStep.Task> distinct, StepByStep steps, int from, int to) {
        for (int step = from; step < to; step++) {
            steps.task(step).filter(task -> !task.isVariant()).ifPresent(distinct::add);
        }
    }

    /** A loop over the rows of a table. */
    private static final class Loop implements Part {
        private final GeneratedProgram body;
        /** For each time the slot of the program that each slot of the body is; one row if that is always the same. */
        private final int[][] slots;
        /** For each time where each slot of the body begins in that. */
        private final int[][] begins;

        Loop(GeneratedProgram body, Repetition repetition) {
            this.body = body;
            int count = repetition.body().slots().size();
            this.begins = new int[repetition.times()][count];
            int[][] all = new int[repetition.times()][count];
            for (int time = 0; time < begins.length; time++) {
                for (int i = 0; i < count; i++) {
                    all[time][i] = repetition.slot(time, i);
                    begins[time][i] = repetition.offset(time, i);
                }
            }
            boolean same = Arrays.stream(all).allMatch(row -> Arrays.equals(row, all[0]));
            this.slots = same ? new int[][] {all[0]} : all;
        }

        @Override
        public void run(Object[] arrays, int[] offsets) {
            int count = slots[0].length;
            Object[] bodyArrays = new Object[count];
            int[] bases = new int[count];
            int[] bodyOffsets = new int[count];
            Object[] scratch = body.takeScratch();
            for (int time = 0; time < begins.length; time++) {
                if (time < slots.length) {
                    int[] row = slots[time];
                    for (int i = 0; i < count; i++) {
                        bodyArrays[i] = arrays[row[i]];
                        bases[i] = offsets[row[i]];
                    }
                }
                int[] begin = begins[time];
                for (int i = 0; i < count; i++) {
                    bodyOffsets[i] = bases[i] + begin[i];
                }
                if (time == 0) {
                    body.packConstants(bodyArrays, bodyOffsets, scratch);
                }
                body.run(bodyArrays, bodyOffsets, scratch);
            }
            body.giveBackScratch(scratch);
        }
    }

    Set<Body> bodies() {
        return bodies;
    }

    @Override
    public void run(Object[] arrays, int[] offsets) {
        for (Part part : parts) {
            part.run(arrays, offsets);
        }
    }

    @Override
    public long code() {
        return bodies.stream().mapToLong(body -> body.program().code()).sum();
    }

    @Override
    public String tier() {
        return "generated, rolled";
    }

    @Override
    public List<Artifact> artifacts() {
        List<GeneratedClass> classes = new ArrayList<>();
        for (Body body : bodies) {
            classes.addAll(body.program().classes());
        }
        return Artifacts.of(name, schedule, new LinkedHashSet<>(classes));
    }
}

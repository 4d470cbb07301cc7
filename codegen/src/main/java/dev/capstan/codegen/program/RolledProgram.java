// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.inspect.Artifacts;
import dev.capstan.codegen.kernel.GeneratedClass;
import dev.capstan.runtime.spi.PathReport.Artifact;
import dev.capstan.tracer.capture.ScheduleCompiler.CompiledSchedule;
import dev.capstan.tracer.schedule.Repetition;
import dev.capstan.tracer.schedule.Schedule;
import java.util.ArrayList;
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
        private final Repetition repetition;
        private final int slots;

        Loop(GeneratedProgram body, Repetition repetition) {
            this.body = body;
            this.repetition = repetition;
            this.slots = repetition.body().slots().size();
        }

        @Override
        public void run(Object[] arrays, int[] offsets) {
            Object[] bodyArrays = new Object[slots];
            int[] bodyOffsets = new int[slots];
            Object[] scratch = body.takeScratch();
            for (int time = 0; time < repetition.times(); time++) {
                for (int i = 0; i < slots; i++) {
                    int slot = repetition.slot(time, i);
                    bodyArrays[i] = arrays[slot];
                    bodyOffsets[i] = offsets[slot] + repetition.offset(time, i);
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

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.inspect.Artifacts;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.spi.PathReport.Artifact;
import dev.capstan.tracer.capture.ScheduleCompiler.CompiledSchedule;
import dev.capstan.tracer.schedule.Schedule;
import java.util.List;
import java.util.Locale;

/** A program that serves at once, step by step, and by a generated driver from the moment that is warm. */
final class TieredProgram implements CompiledSchedule {
    private final String name;
    private final Schedule schedule;
    /** Null when a program has taken over for good. */
    private volatile StepByStep steps;

    private final long begin = System.nanoTime();
    private volatile CompiledSchedule generated;
    private volatile String tier = "step by step";

    TieredProgram(String name, Schedule schedule) {
        this.name = name;
        this.schedule = schedule;
        this.steps = new StepByStep(schedule);
    }

    String name() {
        return name;
    }

    Schedule schedule() {
        return schedule;
    }

    StepByStep steps() {
        return steps;
    }

    /** Tells how many of the kernels are warm. */
    void warming(int warm, int kernels) {
        tier = "step by step, " + warm + " of " + kernels + " kernels generated";
    }

    /** From now on the driver serves. */
    void promote(CompiledSchedule program) {
        generated = program;
        steps = null;
        tier = String.format(Locale.ROOT, program.tier() + ", warm after %.2f s", (System.nanoTime() - begin) / 1e9);
    }

    /** It stays as it is. */
    void stay(String reason) {
        tier = "step by step: " + reason;
    }

    @Override
    public void run(Object[] arrays, int[] offsets) {
        StepByStep current = steps;
        if (current != null) {
            current.run(arrays, offsets);
        } else {
            generated.run(arrays, offsets);
        }
    }

    @Override
    public void run(Object[] arrays, int[] offsets, Storage[] sources) {
        StepByStep current = steps;
        if (current != null) {
            current.run(arrays, offsets);
        } else {
            generated.run(arrays, offsets, sources);
        }
    }

    @Override
    public long kept() {
        CompiledSchedule program = generated;
        return program == null ? 0 : program.kept();
    }

    @Override
    public long code() {
        CompiledSchedule program = generated;
        return program == null ? 0 : program.code();
    }

    @Override
    public String tier() {
        return tier;
    }

    @Override
    public List<Artifact> artifacts() {
        CompiledSchedule program = generated;
        return program != null ? program.artifacts() : Artifacts.of(name, schedule);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import static java.util.Objects.requireNonNull;

import dev.capstan.codegen.kernel.GeneratedClasses;
import dev.capstan.codegen.kernel.WarmUpThread;
import dev.capstan.runtime.spi.Tier;
import dev.capstan.tracer.capture.ScheduleCompiler;
import dev.capstan.tracer.schedule.Schedule;

/**
 * Generates a driver for each schedule: a class of straight-line calls, of fused loops that programs and eager mode
 * share, of the shared contraction, and of the eager executors for the rest.
 */
public final class ProgramCompiler implements ScheduleCompiler {
    /** Lets generated programs link to {@link Driver}. */
    public ProgramCompiler() {
        GeneratedClasses.shared().export(Driver.class.getPackageName());
    }

    @Override
    public CompiledSchedule compile(String name, Schedule schedule, Tier tier) {
        String className = identifier(requireNonNull(name, "name"));
        requireNonNull(schedule, "schedule");
        if (tier == Tier.GENERATED) {
            return generated(className, schedule);
        }
        TieredProgram program = new TieredProgram(className, schedule);
        if (tier == Tier.STEPS) {
            program.stay("asked for");
            return program;
        }
        WarmUpThread.shared().submit(WarmUpThread.Rank.PROGRAM, new Promotion(program));
        return program;
    }

    private static CompiledSchedule generated(String className, Schedule schedule) {
        if (!schedule.rolled()) {
            return GeneratedProgram.of(className, schedule, DriverTree.of(className, schedule));
        }
        StepByStep steps = new StepByStep(schedule);
        RolledProgram.distinct(schedule, steps).forEach(task -> task.generated().ifPresent(task::use));
        return new RolledProgram(className, schedule, steps);
    }

    /** A name that Java allows for a class. */
    private static String identifier(String name) {
        StringBuilder identifier = new StringBuilder();
        for (char c : name.toCharArray()) {
            // a dollar would make it a nested class
            identifier.append(Character.isJavaIdentifierPart(c) && c != '$' ? c : '_');
        }
        boolean starts = identifier.length() > 0 && Character.isJavaIdentifierStart(identifier.charAt(0));
        return starts ? identifier.toString() : "Program_" + identifier;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import static java.util.Objects.requireNonNull;

import dev.capstan.codegen.fusion.WarmUp;
import dev.capstan.codegen.kernel.Contraction;
import dev.capstan.codegen.kernel.GeneratedClass;
import dev.capstan.codegen.kernel.GeneratedClasses;
import dev.capstan.runtime.type.DType;
import dev.capstan.tracer.capture.ScheduleCompiler;
import dev.capstan.tracer.schedule.Schedule;
import java.time.Duration;

/**
 * Generates a driver for each schedule: a hidden class of straight-line calls, of fused loops that programs and eager mode
 * share, of the shared contraction, and of the eager executors for the rest.
 */
public final class ProgramCompiler implements ScheduleCompiler {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** Lets generated programs link to {@link Driver}. */
    public ProgramCompiler() {
        GeneratedClasses.shared().export(Driver.class.getPackageName());
    }

    @Override
    public CompiledSchedule compile(String name, Schedule schedule, boolean warm) {
        String className = identifier(requireNonNull(name, "name"));
        DriverTree tree = DriverTree.of(className, requireNonNull(schedule, "schedule"));
        GeneratedClass type = GeneratedClasses.shared().defineProgram(tree.tree());
        GeneratedProgram program = new GeneratedProgram(className, schedule, type, tree);
        if (warm) {
            warm(program, tree, schedule);
        }
        return program;
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

    private static void warm(GeneratedProgram program, DriverTree tree, Schedule schedule) {
        try {
            // first, because all programs need it, and because the JIT has one thread for all
            for (DType dtype : tree.products()) {
                Contraction.instance().awaitReady(Part.elementType(dtype), PATIENCE);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        WarmUp.run(tree.kernels());
        Rehearsal.run(program, schedule);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.fusion.FusedKernel;
import dev.capstan.codegen.inspect.Artifacts;
import dev.capstan.codegen.kernel.GeneratedClass;
import dev.capstan.codegen.kernel.GeneratedClasses;
import dev.capstan.runtime.spi.PathReport;
import dev.capstan.tracer.capture.ScheduleCompiler.CompiledSchedule;
import dev.capstan.tracer.schedule.Schedule;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** A generated driver with what it needs to run. Holds the only reference to the driver's class. */
final class GeneratedProgram implements CompiledSchedule {
    private static final Object[] NOTHING = {};

    private final String name;
    private final Schedule schedule;
    private final GeneratedClass type;
    private final Collection<FusedKernel> kernels;
    private final Driver driver;
    private final Object[] constants;
    private final DriverTree tree;
    private final boolean packs;

    /** The scratch arrays of the last call that ended, for the next one; another call at the same time makes its own. */
    private final AtomicReference<Object[]> scratch = new AtomicReference<>();

    private GeneratedProgram(String name, Schedule schedule, GeneratedClass type, DriverTree tree) {
        this.name = name;
        this.schedule = schedule;
        this.type = type;
        this.tree = tree;
        this.packs = tree.scratch().length > 0;
        this.kernels = List.copyOf(tree.kernels());
        this.constants = tree.constants();
        this.driver = type.newInstance(Driver.class);
    }

    /** Generates and defines the driver of a tree. */
    static GeneratedProgram of(String name, Schedule schedule, DriverTree tree) {
        List<GeneratedClass> callees =
                tree.kernels().stream().map(FusedKernel::type).toList();
        GeneratedClass type = GeneratedClasses.shared().define(tree.tree(), callees);
        return new GeneratedProgram(name, schedule, type, tree);
    }

    @Override
    public void run(Object[] arrays, int[] offsets) {
        if (!packs) {
            driver.run(arrays, offsets, NOTHING, constants);
            return;
        }
        Object[] own = scratch.getAndSet(null);
        if (own == null) {
            own = tree.scratch();
        }
        driver.run(arrays, offsets, own, constants);
        scratch.set(own);
    }

    /** The generated class. */
    Class<?> driverClass() {
        return type.type();
    }

    @Override
    public long code() {
        return type.size();
    }

    @Override
    public String tier() {
        return "generated";
    }

    @Override
    public List<PathReport.Artifact> artifacts() {
        return Artifacts.of(name, schedule, type, kernels);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.fusion.FusedKernel;
import dev.capstan.codegen.inspect.Artifacts;
import dev.capstan.codegen.kernel.Contraction;
import dev.capstan.codegen.kernel.GeneratedClass;
import dev.capstan.codegen.kernel.GeneratedClasses;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.spi.PathReport;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.tracer.capture.ScheduleCompiler.CompiledSchedule;
import dev.capstan.tracer.schedule.Schedule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
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
    private final KeptFactor[] kept;

    /** The scratch arrays of the last call that ended, for the next one; another call at the same time makes its own. */
    private final AtomicReference<Object[]> scratch = new AtomicReference<>();

    private GeneratedProgram(String name, Schedule schedule, GeneratedClass type, DriverTree tree) {
        this.name = name;
        this.schedule = schedule;
        this.type = type;
        this.tree = tree;
        this.packs = tree.scratch().length > 0;
        this.kept = tree.keptFactors().stream().map(KeptFactor::new).toArray(KeptFactor[]::new);
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
        Object[] own = takeScratch();
        packConstants(arrays, offsets, own);
        run(arrays, offsets, own);
        giveBackScratch(own);
    }

    @Override
    public void run(Object[] arrays, int[] offsets, Storage[] sources) {
        Object[] own = takeScratch();
        packConstants(arrays, offsets, own);
        for (KeptFactor factor : kept) {
            own[factor.pack()] = factor.find(arrays, offsets, sources);
        }
        run(arrays, offsets, own);
        for (KeptFactor factor : kept) {
            own[factor.pack()] = null;
        }
        giveBackScratch(own);
    }

    @Override
    public long kept() {
        return Arrays.stream(kept).mapToLong(KeptFactor::memory).sum();
    }

    /** Runs it once constant factors are packed. */
    void run(Object[] arrays, int[] offsets, Object[] own) {
        driver.run(arrays, offsets, own, constants);
    }

    /** Arrays for packed factors. */
    Object[] takeScratch() {
        if (!packs) {
            return NOTHING;
        }
        Object[] idle = scratch.getAndSet(null);
        return idle != null ? idle : tree.scratch();
    }

    /** For the next one who takes them. */
    void giveBackScratch(Object[] own) {
        if (packs) {
            scratch.set(own);
        }
    }

    /** Packs the factors that the driver expects to be packed. */
    void packConstants(Object[] arrays, int[] offsets, Object[] own) {
        for (Packing.Factor factor : tree.constantFactors()) {
            int slot = factor.place().slot();
            Layout layout = factor.place().layout();
            int offset = offsets[slot] + layout.offset();
            int k = layout.shape().size(0);
            int n = layout.shape().size(1);
            Contraction contraction = Contraction.instance();
            if (own[factor.pack()] instanceof float[] packed) {
                contraction.pack((float[]) arrays[slot], offset, layout.stride(0), layout.stride(1), k, n, packed, 0);
            } else {
                double[] panels = (double[]) own[factor.pack()];
                contraction.pack((double[]) arrays[slot], offset, layout.stride(0), layout.stride(1), k, n, panels, 0);
            }
        }
    }

    /** The element types of its products. */
    Set<DType> products() {
        return tree.products();
    }

    /** All generated classes, the driver's first. */
    List<GeneratedClass> classes() {
        List<GeneratedClass> classes = new ArrayList<>(List.of(type));
        kernels.forEach(kernel -> classes.add(kernel.type()));
        return classes;
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
        return Artifacts.of(name, schedule, classes());
    }
}

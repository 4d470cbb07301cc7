// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.fusion.FusedKernel;
import dev.capstan.codegen.kernel.Contraction;
import dev.capstan.codegen.kernel.WarmUp;
import dev.capstan.codegen.kernel.WarmUpThread.Job;
import dev.capstan.codegen.kernel.WarmUpThread.Progress;
import dev.capstan.runtime.type.DType;
import dev.capstan.tracer.schedule.Schedule;
import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;

/**
 * What makes a program fast while it serves already: it generates the kernels, warms them, hands each to its steps as soon
 * as it is warm, and ends with a driver that was rehearsed. Stops if nobody has use for the program any more.
 */
final class Promotion implements Job {
    private static final System.Logger LOG = System.getLogger("dev.capstan.codegen");

    /** So many of the repeated steps get their kernels in a round. */
    private static final int AT_ONCE = 50;

    private final WeakReference<TieredProgram> program;
    private final Map<StepByStep.Task, StepUse> cold = new LinkedHashMap<>();
    private final Set<FusedKernel> kernels = new LinkedHashSet<>();
    private Queue<StepByStep.Task> tasks;
    /** The other times of repetitions: their kernels are the same, and of use until there is a body. */
    private Queue<StepByStep.Task> repeated;

    private final WarmUp warmUp = new WarmUp(List.of());
    private DriverTree tree;
    private GeneratedProgram generated;
    private RolledProgram rolled;
    private Rehearsal rehearsal;

    Promotion(TieredProgram program) {
        this.program = new WeakReference<>(program);
    }

    @Override
    public Progress advance() {
        TieredProgram served = program.get();
        if (served == null) {
            return Progress.DONE;
        }
        if (tasks == null) {
            Schedule schedule = served.schedule();
            StepByStep steps = served.steps();
            tasks = new ArrayDeque<>(schedule.rolled() ? RolledProgram.distinct(schedule, steps) : steps.tasks());
            repeated = new ArrayDeque<>(schedule.rolled() ? RolledProgram.repeated(schedule, steps) : List.of());
        }
        boolean complete = tasks.isEmpty();
        if (!complete) {
            // the JIT begins with the first kernels while others are generated
            generateKernel(tasks.remove());
        }
        for (int i = 0; complete && i < AT_ONCE && !repeated.isEmpty(); i++) {
            generateKernel(repeated.remove());
        }
        Progress progress = warmUp.advance();
        handOver(served);
        if (!complete) {
            return Progress.WORKING;
        }
        if (progress != Progress.DONE) {
            return progress;
        }
        if (warmUp.hasFailed()) {
            served.stay("the kernels did not become fast");
            return Progress.DONE;
        }
        if (served.schedule().rolled()) {
            return roll(served);
        }
        if (generated == null) {
            tree = DriverTree.of(served.name(), served.schedule());
            generated = GeneratedProgram.of(served.name(), served.schedule(), tree);
            return Progress.WORKING;
        }
        if (!areProductsSettled(tree.products())) {
            return Progress.WAITING;
        }
        if (rehearsal == null) {
            rehearsal = new Rehearsal(generated, served.schedule());
        }
        if (!rehearsal.advance()) {
            return Progress.WORKING;
        }
        served.promote(generated);
        return Progress.DONE;
    }

    /** Goes on with a program that repeats itself, when the kernels are warm. */
    private Progress roll(TieredProgram served) {
        if (rolled == null) {
            rolled = new RolledProgram(served.name(), served.schedule(), served.steps());
            return Progress.WORKING;
        }
        for (Body body : rolled.bodies()) {
            if (!areProductsSettled(body.program().products())) {
                return Progress.WAITING;
            }
            if (!body.rehearse()) {
                return Progress.WORKING;
            }
        }
        served.promote(rolled);
        return Progress.DONE;
    }

    private void generateKernel(StepByStep.Task task) {
        task.generated().ifPresent(use -> {
            cold.put(task, use);
            for (FusedKernel kernel : use.kernels()) {
                if (kernels.add(kernel) && !kernel.isWarm()) {
                    warmUp.add(kernel.subject());
                }
            }
        });
    }

    private void handOver(TieredProgram served) {
        int before = cold.size();
        cold.entrySet().removeIf(entry -> {
            boolean warm = entry.getValue().kernels().stream().allMatch(FusedKernel::isWarm);
            if (warm) {
                entry.getKey().use(entry.getValue());
            }
            return warm;
        });
        if (cold.size() < before) {
            int warm = (int) kernels.stream().filter(FusedKernel::isWarm).count();
            served.warming(warm, kernels.size());
        }
    }

    private static boolean areProductsSettled(Set<DType> products) {
        boolean settled = true;
        for (DType dtype : products) {
            settled &= Contraction.instance().isSettled(Part.elementType(dtype));
        }
        return settled;
    }

    @Override
    public boolean isWanted() {
        return program.get() != null;
    }

    @Override
    public void failed(Throwable reason) {
        TieredProgram served = program.get();
        if (served == null) {
            return;
        }
        served.stay(reason.toString());
        LOG.log(
                System.Logger.Level.WARNING,
                "Capstan could not generate " + served.name()
                        + "; it stays on the executors of eager mode. This is a fault of Capstan, not of your program.",
                reason);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.fusion.FusedKernels;
import dev.capstan.runtime.abi.EagerStep;
import dev.capstan.runtime.abi.Operand;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.schedule.Schedule;
import dev.capstan.tracer.schedule.Schedule.Clear;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Multiply;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import dev.capstan.tracer.schedule.Schedule.Rows;
import dev.capstan.tracer.schedule.Schedule.Single;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A schedule without a driver: each step is run by the eager executors, which are warm from eager mode, until there is a
 * generated kernel for it that is warm, too. This is how a program serves at once.
 */
final class StepByStep {
    private final List<Task> tasks = new ArrayList<>();
    private final List<Optional<Task>> tasksOfSteps = new ArrayList<>();

    StepByStep(Schedule schedule) {
        for (Step step : schedule.steps()) {
            boolean idle = step instanceof Loop loop && loop.shape().elements() == 0;
            Optional<Task> task = idle ? Optional.empty() : Optional.of(new Task(schedule, step));
            tasksOfSteps.add(task);
            task.ifPresent(tasks::add);
        }
    }

    /** What a step has to do; empty if nothing. */
    Optional<Task> task(int step) {
        return tasksOfSteps.get(step);
    }

    /** One step. */
    static final class Task {
        private final Schedule schedule;
        private final Step step;
        /** Made when it is first needed; whoever makes it a second time makes the same. */
        private volatile EagerStep eager;

        private volatile StepUse use;

        Task(Schedule schedule, Step step) {
            this.schedule = schedule;
            this.step = step;
        }

        /** What computes it in generated code; empty if nothing does, or the shared contraction. Generates the kernel. */
        Optional<? extends StepUse> generated() {
            if (step instanceof Loop loop) {
                return KernelUse.of(loop);
            }
            if (step instanceof Rows rows) {
                return RowsUse.of(rows);
            }
            return step instanceof Reduce reduce ? KernelUse.of(reduce) : Optional.empty();
        }

        /** Whether its kernel is one that was generated before but for its numbers. */
        boolean isVariant() {
            return isVariant(step);
        }

        private static boolean isVariant(Step step) {
            if (step instanceof Rows rows) {
                return rows.body().steps().stream().anyMatch(Task::isVariant);
            }
            if (step instanceof Loop loop) {
                return FusedKernels.shared().isVariant(loop.kernel());
            }
            return step instanceof Reduce reduce && FusedKernels.shared().isVariant(reduce.kernel());
        }

        /** From now on the step is computed like this. */
        void use(StepUse warm) {
            use = warm;
        }

        void run(Object[] arrays, int[] offsets) {
            StepUse warm = use;
            if (warm != null) {
                warm.run(arrays, offsets);
                return;
            }
            EagerStep known = eager;
            if (known == null) {
                known = eager(schedule, step);
                eager = known;
            }
            known.run(arrays, offsets);
        }
    }

    /** The step for the eager executors. */
    private static EagerStep eager(Schedule schedule, Step step) {
        if (step instanceof Loop loop) {
            return EagerStep.loop(loop.kernel(), operands(schedule, loop.inputs()), operands(schedule, loop.outputs()));
        }
        if (step instanceof Multiply multiply) {
            return EagerStep.contraction(
                    operand(schedule, multiply.left()),
                    operand(schedule, multiply.right()),
                    operand(schedule, multiply.output()));
        }
        if (step instanceof Reduce reduce) {
            return EagerStep.reduction(
                    reduce.kernel(),
                    reduce.domain(),
                    operands(schedule, reduce.inputs()),
                    reduce.reduced(),
                    operand(schedule, reduce.output()));
        }
        if (step instanceof Rows rows) {
            return eager(schedule, rows);
        }
        if (step instanceof Single single) {
            return EagerStep.operator(
                    single.operator(), operands(schedule, single.inputs()), operand(schedule, single.output()));
        }
        return EagerStep.clear(operand(schedule, ((Clear) step).output()));
    }

    /** The kernels of rows, one after the other over all rows. */
    static EagerStep eager(Schedule schedule, Rows rows) {
        List<EagerStep> steps = rows.body().steps().stream()
                .map(step -> eager(rows.body(), step))
                .toList();
        List<Operand> operands = new ArrayList<>(operands(schedule, rows.inputs()));
        operands.addAll(operands(schedule, rows.outputs()));
        List<Operand> temporaries = new ArrayList<>();
        for (int slot = operands.size(); slot < rows.body().slots().size(); slot++) {
            Slot temporary = rows.body().slots().get(slot);
            temporaries.add(new Operand(slot, temporary.dtype(), Layout.contiguous(Shape.of(temporary.elements()))));
        }
        return EagerStep.sequence(steps, operands, temporaries);
    }

    static List<Operand> operands(Schedule schedule, List<Place> places) {
        return places.stream().map(place -> operand(schedule, place)).toList();
    }

    static Operand operand(Schedule schedule, Place place) {
        return new Operand(place.slot(), schedule.slots().get(place.slot()).dtype(), place.layout());
    }

    /** The steps. */
    List<Task> tasks() {
        return tasks;
    }

    /** Runs all steps. */
    void run(Object[] arrays, int[] offsets) {
        for (Task task : tasks) {
            task.run(arrays, offsets);
        }
    }
}

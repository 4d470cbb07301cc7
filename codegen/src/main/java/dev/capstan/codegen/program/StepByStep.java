// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.runtime.abi.EagerStep;
import dev.capstan.runtime.abi.Operand;
import dev.capstan.tracer.schedule.Schedule;
import dev.capstan.tracer.schedule.Schedule.Clear;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Multiply;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import dev.capstan.tracer.schedule.Schedule.Single;
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
            Optional<Task> task = eager(schedule, step).map(eager -> new Task(step, eager));
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
        private final Step step;
        private final EagerStep eager;
        private volatile KernelUse use;

        Task(Step step, EagerStep eager) {
            this.step = step;
            this.eager = eager;
        }

        /** What computes it in generated code; empty if nothing does, or the shared contraction. Generates the kernel. */
        Optional<KernelUse> generated() {
            if (step instanceof Loop loop) {
                return KernelUse.of(loop);
            }
            return step instanceof Reduce reduce ? KernelUse.of(reduce) : Optional.empty();
        }

        /** From now on the step is computed like this. */
        void use(KernelUse warm) {
            use = warm;
        }

        void run(Object[] arrays, int[] offsets) {
            KernelUse warm = use;
            if (warm != null) {
                warm.run(arrays, offsets);
            } else {
                eager.run(arrays, offsets);
            }
        }
    }

    /** The step for the eager executors; empty if there is nothing to compute. */
    private static Optional<EagerStep> eager(Schedule schedule, Step step) {
        if (step instanceof Loop loop) {
            return loop.shape().elements() == 0
                    ? Optional.empty()
                    : Optional.of(EagerStep.loop(
                            loop.kernel(), operands(schedule, loop.inputs()), operands(schedule, loop.outputs())));
        }
        if (step instanceof Multiply multiply) {
            return Optional.of(EagerStep.contraction(
                    operand(schedule, multiply.left()),
                    operand(schedule, multiply.right()),
                    operand(schedule, multiply.output())));
        }
        if (step instanceof Reduce reduce) {
            return Optional.of(EagerStep.reduction(
                    reduce.kernel(),
                    operands(schedule, reduce.inputs()),
                    reduce.reduced(),
                    operand(schedule, reduce.output())));
        }
        if (step instanceof Single single) {
            return Optional.of(EagerStep.operator(
                    single.operator(), operands(schedule, single.inputs()), operand(schedule, single.output())));
        }
        return Optional.of(EagerStep.clear(operand(schedule, ((Clear) step).output())));
    }

    /** What a step writes. */
    static List<Place> outputs(Step step) {
        if (step instanceof Loop loop) {
            return loop.outputs();
        }
        if (step instanceof Reduce reduce) {
            return List.of(reduce.output());
        }
        return List.of(step instanceof Multiply multiply ? multiply.output() : ((Clear) step).output());
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

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Rows;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes new contents to the inputs they belong to. Where a loop computes one element by element, alone or row by row with
 * others, and nothing reads the old content afterwards, it writes straight into the input; else the content is copied at
 * the end.
 */
final class WriteBack {
    /** The root of a write whose content is a copy. */
    static final int COPIED = -1;

    private final List<Write> writes;

    /**
     * One new content.
     *
     * @param buffer where it is computed, contiguous
     * @param type its type, which is the input's
     * @param input the index of the input
     * @param home where the input lies
     * @param root the value that is computed there, or {@link #COPIED}
     */
    record Write(int buffer, TensorType type, int input, Place home, int root) {}

    WriteBack(List<Write> writes) {
        this.writes = writes;
    }

    /** The steps, with what takes the contents home. */
    List<Step> steps(List<Step> computed) {
        List<Step> steps = new ArrayList<>(computed);
        for (Write write : writes) {
            if (write.type().shape().elements() > 0 && !redirect(write, steps)) {
                steps.add(copy(write));
            }
        }
        return steps;
    }

    private Step copy(Write write) {
        DType type = write.type().dtype();
        Kernel kernel = Kernel.of(List.of(type), List.of(Expr.input(0, type)));
        List<Layout> layouts =
                List.of(write.home().layout(), Layout.contiguous(write.type().shape()));
        Iteration iteration = Iteration.of(write.type().shape(), layouts);
        return new Loop(
                kernel,
                iteration.shape(),
                List.of(new Place(write.buffer(), iteration.layout(1, 0))),
                List.of(new Place(write.home().slot(), iteration.layout(0, 0))));
    }

    /** Lets the step that computes a content write into the input, if that is all the same to everyone. */
    private boolean redirect(Write write, List<Step> steps) {
        int home = write.home().slot();
        int writer = writer(write.buffer(), steps);
        if (writer < 0 || !write.home().layout().isContiguous()) {
            return false;
        }
        for (int i = writer + 1; i < steps.size(); i++) {
            if (steps.get(i).places().stream().anyMatch(place -> place.slot() == home)) {
                return false;
            }
        }
        if (!allowsInPlace(steps.get(writer), write.buffer(), home)) {
            return false;
        }
        for (int i = writer; i < steps.size(); i++) {
            steps.set(
                    i,
                    Steps.moved(
                            steps.get(i),
                            place -> place.slot() == write.buffer() ? new Place(home, place.layout()) : place));
        }
        return true;
    }

    /** Whether nothing changes for a step if its output lies where it reads another array. */
    private static boolean allowsInPlace(Step step, int buffer, int home) {
        Place output = step.outputs().stream()
                .filter(place -> place.slot() == buffer)
                .findFirst()
                .orElseThrow();
        for (Place input : step.inputs()) {
            if (input.slot() == home && !(step instanceof Loop && input.layout().equals(output.layout()))) {
                return false;
            }
        }
        return true;
    }

    /** The one step of loops that writes all of a buffer, or -1. */
    private static int writer(int buffer, List<Step> steps) {
        int writer = -1;
        for (int i = 0; i < steps.size(); i++) {
            if (writes(steps.get(i), buffer)) {
                if (writer >= 0 || !(steps.get(i) instanceof Loop || steps.get(i) instanceof Rows)) {
                    return -1;
                }
                writer = i;
            }
        }
        return writer;
    }

    private static boolean writes(Step step, int buffer) {
        for (Place output : step.outputs()) {
            if (output.slot() == buffer) {
                return true;
            }
        }
        return false;
    }
}

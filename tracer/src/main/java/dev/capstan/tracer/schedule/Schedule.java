// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.ReductionKernel;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * A graph as steps over planned memory: what a code generator translates, call by call.
 *
 * @param slots the arrays that the steps read and write
 * @param steps in order
 * @param results for each output of the graph, where it lies
 * @param repetitions which steps repeat others, in order
 * @param rolled whether repetitions are to be run as loops rather than as straight code
 */
public record Schedule(
        List<Slot> slots, List<Step> steps, List<Place> results, List<Repetition> repetitions, boolean rolled) {
    private static final int FEWEST_TO_ROLL = 400;

    /** Copies the lists. */
    public Schedule {
        slots = List.copyOf(slots);
        steps = List.copyOf(steps);
        results = List.copyOf(results);
        repetitions = List.copyOf(repetitions);
    }

    /**
     * A schedule that is rolled if most steps are repetitions, and so many that straight code would take long to generate
     * and to compile.
     */
    Schedule(List<Slot> slots, List<Step> steps, List<Place> results, List<Repetition> repetitions) {
        this(
                slots,
                steps,
                results,
                repetitions,
                steps.size() >= FEWEST_TO_ROLL && 2 * repeated(repetitions) > steps.size());
    }

    /** A schedule of which nothing is known to repeat. */
    public Schedule(List<Slot> slots, List<Step> steps, List<Place> results) {
        this(slots, steps, results, List.of(), false);
    }

    private static int repeated(List<Repetition> repetitions) {
        return repetitions.stream()
                .mapToInt(repetition -> repetition.end() - repetition.first())
                .sum();
    }

    /** What an array of a schedule is. */
    public enum Kind {
        /** The storage of an input of the region; its elements begin at an offset that each call gives. */
        INPUT,
        /** The storage of the gradient of a forward output; begins at an offset that each call gives. */
        GRADIENT,
        /** The storage of an input's gradient so far; begins at an offset that each call gives. */
        TOTAL,
        /** Fresh storage that leaves the program with one or more of the outputs. */
        RESULT,
        /** Scratch memory, of no use after the last step. */
        ARENA,
        /** Memory that the forward schedule fills and the backward schedules read. */
        KEPT,
        /** In a backward schedule, the {@link #RESULT} of the forward schedule. */
        FORWARD_RESULT
    }

    /**
     * One array.
     *
     * @param kind what it is
     * @param index which one of its kind: the number of the input, output or total; else counted from 0
     * @param dtype its element type
     * @param elements its size; for arrays from outside the elements that are used, from the offset on
     */
    public record Slot(Kind kind, int index, DType dtype, int elements) {
        /** Its size in bytes. */
        public long bytes() {
            return (long) elements * dtype.bytes();
        }
    }

    /**
     * Where a tensor lies.
     *
     * @param slot index of the array
     * @param layout its elements, relative to the offset of the array
     */
    public record Place(int slot, Layout layout) {}

    /** One call of a kernel. */
    public sealed interface Step {
        /** What it reads. */
        List<Place> inputs();

        /** What it writes. */
        List<Place> outputs();

        /** What it reads, and what it writes. */
        default List<Place> places() {
            List<Place> inputs = inputs();
            List<Place> outputs = outputs();
            List<Place> places = new ArrayList<>(inputs.size() + outputs.size());
            places.addAll(inputs);
            places.addAll(outputs);
            return places;
        }
    }

    /** A kernel that fusion has made. */
    public sealed interface Fused extends Step {
        /** The shape over which it runs. */
        Shape space();
    }

    /**
     * A fused element-wise loop. An output may lie in the place of an input with the same layout.
     *
     * @param kernel the computation
     * @param shape the iteration space
     * @param inputs of the iteration shape, broadcast by stride 0
     * @param outputs of the iteration shape
     */
    public record Loop(Kernel kernel, Shape shape, List<Place> inputs, List<Place> outputs) implements Fused {
        /** Copies the lists. */
        public Loop {
            inputs = List.copyOf(inputs);
            outputs = List.copyOf(outputs);
        }

        @Override
        public Shape space() {
            return shape;
        }
    }

    /**
     * A reduction with the element-wise computation of what it combines.
     *
     * @param kernel the computation
     * @param domain the shape over which it runs
     * @param reduced for each dimension of the domain whether it is combined
     * @param inputs of the domain's shape, broadcast by stride 0
     * @param output of the domain's shape with size 1 in combined dimensions
     */
    public record Reduce(ReductionKernel kernel, Shape domain, List<Boolean> reduced, List<Place> inputs, Place output)
            implements Fused {
        /** Copies the lists. */
        public Reduce {
            reduced = List.copyOf(reduced);
            inputs = List.copyOf(inputs);
        }

        @Override
        public Shape space() {
            return domain;
        }

        @Override
        public List<Place> outputs() {
            return List.of(output);
        }
    }

    /**
     * Loops and reductions that keep to rows: what one of them leaves in a row, others read in that row alone. So all of
     * them can be done for a few rows at a time, which then stay in the nearest caches, or one after the other.
     *
     * @param body the loops and reductions, over slots of its own: the inputs, the outputs, and then, of kind
     *     {@link Kind#ARENA}, what is of no use to other rows. The first dimensions of all shapes are the rows; a
     *     reduction combines all others
     * @param rank the number of dimensions that are rows
     * @param inputs what is read that the body does not compute
     * @param outputs what is read afterwards
     */
    public record Rows(Schedule body, int rank, List<Place> inputs, List<Place> outputs) implements Step {
        /** Copies the lists. */
        public Rows {
            inputs = List.copyOf(inputs);
            outputs = List.copyOf(outputs);
        }
    }

    /**
     * A matrix product, {@code [m,k] x [k,n]}, or a stack of them, {@code [b,m,k] x [b,k,n]}.
     *
     * @param left the first factor
     * @param right the second factor
     * @param output contiguous, overwritten
     */
    public record Multiply(Place left, Place right, Place output) implements Step {
        @Override
        public List<Place> inputs() {
            return List.of(left, right);
        }

        @Override
        public List<Place> outputs() {
            return List.of(output);
        }
    }

    /**
     * An operator that is a step by itself: a {@code Scan}, an {@code Indexed} or an {@code Opaque} one.
     *
     * @param operator what is computed
     * @param inputs the operands
     * @param output the result
     */
    public record Single(Operator operator, List<Place> inputs, Place output) implements Step {
        /** Copies the list. */
        public Single {
            inputs = List.copyOf(inputs);
        }

        @Override
        public List<Place> outputs() {
            return List.of(output);
        }
    }

    /**
     * Zeros.
     *
     * @param output contiguous, overwritten
     */
    public record Clear(Place output) implements Step {
        @Override
        public List<Place> inputs() {
            return List.of();
        }

        @Override
        public List<Place> outputs() {
            return List.of(output);
        }
    }

    /** Slots, steps and kernels, one line a step. */
    @Override
    public String toString() {
        return ScheduleText.of(this);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.fusion.RandomKernels;
import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.kernel.ReductionKernel;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.schedule.Schedule;
import dev.capstan.tracer.schedule.Schedule.Clear;
import dev.capstan.tracer.schedule.Schedule.Kind;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Multiply;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Schedules of every kind of step over a few arrays, by chance but reproducible. */
final class RandomSchedules {
    private static final int ELEMENTS = 6000;
    private static final int[] SIZES = {1, 2, 3, 5, 8, 16, 17, 33};

    private final RandomKernels chance;
    private final Random random;
    private final DType type;
    private final List<Slot> slots;

    RandomSchedules(long seed) {
        chance = new RandomKernels(seed);
        random = chance.random();
        type = random.nextInt(4) == 0 ? DType.FLOAT64 : DType.FLOAT32;
        slots = List.of(
                new Slot(Kind.INPUT, 0, type, ELEMENTS),
                new Slot(Kind.INPUT, 1, type, ELEMENTS),
                new Slot(Kind.TOTAL, 0, type, ELEMENTS),
                new Slot(Kind.RESULT, 0, type, ELEMENTS),
                new Slot(Kind.ARENA, 0, type, ELEMENTS));
    }

    /** A schedule of that many steps. */
    Schedule schedule(int count) {
        List<Step> steps = new ArrayList<>();
        List<Place> results = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            steps.add(
                    switch (random.nextInt(6)) {
                        case 0, 1 -> multiply(steps);
                        case 2 -> reduce();
                        case 3 -> clear();
                        default -> loop();
                    });
        }
        results.add(contiguous(3, Shape.of(2)));
        return new Schedule(slots, steps, results);
    }

    /** Arrays for the slots, with room for offsets. */
    Object[] arrays() {
        return slots.stream()
                .map(slot -> chance.array(slot.dtype(), slot.elements() + 7))
                .toArray();
    }

    /** Arrays for the slots of any schedule, from their beginnings. */
    static Object[] arrays(Schedule schedule) {
        RandomKernels chance = new RandomKernels(1);
        return schedule.slots().stream()
                .map(slot -> chance.array(slot.dtype(), slot.elements()))
                .toArray();
    }

    /** Offsets of the arrays from outside. */
    int[] offsets() {
        return slots.stream()
                .mapToInt(slot -> slot.kind() == Kind.INPUT || slot.kind() == Kind.TOTAL ? random.nextInt(7) : 0)
                .toArray();
    }

    private int size() {
        return SIZES[random.nextInt(SIZES.length)];
    }

    private int from(int... choices) {
        return choices[random.nextInt(choices.length)];
    }

    private Shape shape(int rank) {
        int[] sizes = new int[rank];
        int elements = 1;
        for (int i = 0; i < rank; i++) {
            sizes[i] = Math.min(size(), Math.max(1, 1000 / elements));
            elements *= sizes[i];
        }
        return Shape.of(sizes);
    }

    private Place contiguous(int slot, Shape shape) {
        int room = ELEMENTS / 2 - shape.elements();
        return new Place(slot, offset(Layout.contiguous(shape), random.nextInt(room)));
    }

    private static Layout offset(Layout layout, int offset) {
        return Layout.of(layout.shape(), layout.strides(), offset);
    }

    /** An operand: contiguous, broadcast, transposed or with gaps; in the first half of its array. */
    private Place input(int slot, Shape shape) {
        Place plain = contiguous(slot, shape);
        int rank = shape.rank();
        if (rank == 0) {
            return plain;
        }
        int[] strides = plain.layout().strides();
        switch (random.nextInt(4)) {
            case 0 -> strides[random.nextInt(rank)] = 0;
            case 1 -> {
                int[] order = new int[rank];
                int[] sizes = new int[rank];
                for (int i = 0; i < rank; i++) {
                    order[i] = rank - 1 - i;
                    sizes[i] = shape.size(rank - 1 - i);
                }
                return new Place(slot, offset(Layout.contiguous(Shape.of(sizes)).permute(order), 3));
            }
            case 2 -> {
                if (shape.elements() < 500) {
                    for (int i = 0; i < rank; i++) {
                        strides[i] *= 2;
                    }
                }
            }
            default -> {}
        }
        return new Place(slot, Layout.of(shape, strides, random.nextInt(5)));
    }

    /** A place for a result, in the second half of its array, where no operand is. */
    private Place output(int slot, Shape shape, int part) {
        int begin = ELEMENTS / 2 + part * 1000;
        return new Place(slot, offset(Layout.contiguous(shape), begin));
    }

    private Step loop() {
        Kernel kernel;
        do {
            kernel = chance.kernel(List.of(type));
        } while (kernel.outputs().size() > 2);
        Shape shape = shape(random.nextInt(5));
        List<Place> inputs = new ArrayList<>();
        for (int i = 0; i < kernel.inputs().size(); i++) {
            // what earlier steps wrote is read by contiguous places
            boolean written = random.nextInt(3) == 0;
            inputs.add(written ? output(from(3, 4), shape, 2) : input(from(0, 1, 2), shape));
        }
        List<Place> outputs = new ArrayList<>();
        for (int i = 0; i < kernel.outputs().size(); i++) {
            boolean inPlace = i == 0 && inputs.get(0).slot() > 2;
            outputs.add(inPlace ? inputs.get(0) : output(from(3, 4), shape, i));
        }
        return new Loop(kernel, shape, inputs, outputs);
    }

    private Step multiply(List<Step> before) {
        int m = size();
        int k = size();
        int n = size();
        Place right = input(from(0, 1), Shape.of(k, n));
        for (Step step : before) {
            if (step instanceof Multiply multiply && random.nextBoolean()) {
                right = multiply.right();
            }
        }
        Shape factor = right.layout().shape();
        if (factor.rank() == 3 || random.nextInt(4) == 0) {
            right = factor.rank() == 3 ? right : input(from(0, 1), Shape.of(3, 4, 5));
            Shape stack = right.layout().shape();
            Place left = input(from(0, 2), Shape.of(stack.size(0), 6, stack.size(1)));
            return new Multiply(left, right, output(4, Shape.of(stack.size(0), 6, stack.size(2)), 1));
        }
        Place left = input(from(0, 2), Shape.of(m, factor.size(0)));
        Place output =
                output(from(3, 4), Shape.of(Math.min(m, 1000 / factor.size(1)), factor.size(1)), random.nextInt(3));
        Shape result = output.layout().shape();
        left = new Place(left.slot(), left.layout().slice(0, 0, result.size(0), 1));
        return new Multiply(left, right, output);
    }

    private Step reduce() {
        Shape domain = shape(1 + random.nextInt(3));
        Expr a = Expr.input(0, type);
        Expr b = Expr.input(1, type);
        Kernel map = Kernel.of(List.of(type, type), List.of(a.mul(b).add(a)));
        Expr state = Expr.input(0, type);
        Kernel finish = Kernel.of(List.of(type), List.of(random.nextBoolean() ? state : state.div(state.like(7))));
        Primitive combine = random.nextInt(3) == 0 ? Primitive.MAX : Primitive.ADD;
        ReductionKernel kernel = new ReductionKernel(map, combine, ReductionKernel.identity(combine, type), finish);
        List<Boolean> reduced = new ArrayList<>();
        int[] kept = domain.sizes();
        for (int i = 0; i < domain.rank(); i++) {
            reduced.add(random.nextInt(3) > 0);
            kept[i] = reduced.get(i) ? 1 : kept[i];
        }
        List<Place> inputs = List.of(input(from(0, 1), domain), input(2, domain));
        return new Reduce(kernel, domain, reduced, inputs, output(from(3, 4), Shape.of(kept), random.nextInt(3)));
    }

    private Step clear() {
        return new Clear(output(from(3, 4), shape(2), random.nextInt(3)));
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.schedule.Schedule.Clear;
import dev.capstan.tracer.schedule.Schedule.Kind;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Multiply;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import dev.capstan.tracer.schedule.Schedule.Rows;
import dev.capstan.tracer.schedule.Schedule.Single;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Schedule.Step;
import dev.capstan.tracer.schedule.TermArrays.Area;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Runs a schedule on terms, step by step, in the memory that it has planned. */
final class ScheduleOnTerms {
    private final Schedule schedule;
    private final TermArrays arrays;
    private final List<Area> slots;
    /** The slots that hold what others read, too. */
    private final BitSet shared = new BitSet();

    private ScheduleOnTerms(Schedule schedule, TermArrays arrays, Function<Slot, Area> external) {
        this.schedule = schedule;
        this.arrays = arrays;
        this.slots = schedule.slots().stream()
                .map(slot -> slot.kind() == Kind.INPUT
                        ? external.apply(slot)
                        : new Area(arrays.rubbish(slot.elements()), 0, Layout.contiguous(Shape.SCALAR)))
                .collect(Collectors.toCollection(ArrayList::new));
    }

    /** A forward schedule that has been run. */
    static ScheduleOnTerms run(Schedule schedule, TermArrays arrays) {
        ScheduleOnTerms run = new ScheduleOnTerms(
                schedule,
                arrays,
                slot -> new Area(arrays.input(slot.index(), slot.elements()), 0, Layout.contiguous(Shape.SCALAR)));
        for (int slot = 0; slot < schedule.slots().size(); slot++) {
            run.shared.set(slot, schedule.slots().get(slot).kind() == Kind.INPUT);
        }
        for (Step step : schedule.steps()) {
            step.outputs().forEach(place -> run.own(place.slot()));
            run.run(step);
        }
        return run;
    }

    /** Before it is written to. */
    private void own(int slot) {
        if (shared.get(slot)) {
            shared.clear(slot);
            Area area = slots.get(slot);
            slots.set(slot, new Area(area.terms().clone(), area.begin(), area.layout()));
        }
    }

    /** What lies at a place in the end. */
    Area at(Place place) {
        Area slot = slots.get(place.slot());
        return new Area(slot.terms(), slot.begin(), place.layout());
    }

    /** What is in the first elements of an input in the end. */
    long[] input(int index, int elements) {
        long[] content = Arrays.copyOf(arrays.input(index, elements), elements);
        for (int i = 0; i < schedule.slots().size(); i++) {
            Slot slot = schedule.slots().get(i);
            if (slot.kind() == Kind.INPUT && slot.index() == index) {
                System.arraycopy(slots.get(i).terms(), 0, content, 0, slot.elements());
            }
        }
        return content;
    }

    private List<Area> at(List<Place> places) {
        List<Area> areas = new ArrayList<>(places.size());
        for (Place place : places) {
            areas.add(at(place));
        }
        return areas;
    }

    private DType type(Place place) {
        return schedule.slots().get(place.slot()).dtype();
    }

    private void run(Step step) {
        if (step instanceof Loop loop) {
            arrays.map(loop.kernel(), at(loop.inputs()), at(loop.outputs()));
        } else if (step instanceof Reduce reduce) {
            arrays.reduce(reduce.kernel(), reduce.domain(), at(reduce.inputs()), at(reduce.output()));
        } else if (step instanceof Rows rows) {
            List<Place> given = new ArrayList<>(rows.inputs());
            given.addAll(rows.outputs());
            ScheduleOnTerms inside = new ScheduleOnTerms(rows.body(), arrays, slot -> {
                Area area = at(given.get(slot.index()));
                return new Area(area.terms(), area.begin() + area.layout().offset(), area.layout());
            });
            rows.body().steps().forEach(inside::run);
        } else if (step instanceof Multiply multiply) {
            arrays.multiply(at(multiply.left()), at(multiply.right()), type(multiply.output()), at(multiply.output()));
        } else if (step instanceof Single single) {
            arrays.single(single.operator(), at(single.inputs()), at(single.output()));
        } else {
            Place place = ((Clear) step).output();
            arrays.zeros(type(place), at(place));
        }
    }
}

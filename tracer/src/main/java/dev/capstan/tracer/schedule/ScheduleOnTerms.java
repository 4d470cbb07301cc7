// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.type.DType;
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
import dev.capstan.tracer.schedule.TermMemory.Area;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Runs a schedule on terms, step by step, in the memory that it has planned. */
final class ScheduleOnTerms {
    private final Schedule schedule;
    private final TermArrays arrays;
    private final List<Area> slots;

    private ScheduleOnTerms(Schedule schedule, TermArrays arrays, Function<Slot, Area> external) {
        this.schedule = schedule;
        this.arrays = arrays;
        this.slots = schedule.slots().stream()
                .map(slot -> slot.kind() == Kind.INPUT
                        ? external.apply(slot)
                        : Area.of(arrays.rubbish(slot.elements()), Shape.SCALAR))
                .collect(Collectors.toCollection(ArrayList::new));
    }

    /** A forward schedule that has been run. */
    static ScheduleOnTerms run(Schedule schedule, TermArrays arrays) {
        ScheduleOnTerms run = new ScheduleOnTerms(
                schedule, arrays, slot -> Area.of(arrays.input(slot.index(), slot.elements()), Shape.SCALAR));
        schedule.steps().forEach(run::run);
        return run;
    }

    /** What lies at a place in the end. */
    Area at(Place place) {
        Area slot = slots.get(place.slot());
        return new Area(slot.memory(), slot.begin(), place.layout());
    }

    /** What is in the first elements of an input in the end. */
    TermRuns input(int index, int elements) {
        TermMemory content = arrays.input(index, elements);
        for (int i = 0; i < schedule.slots().size(); i++) {
            Slot slot = schedule.slots().get(i);
            if (slot.kind() == Kind.INPUT && slot.index() == index) {
                Shape all = Shape.of(slot.elements());
                Area.of(content, all).write(Area.of(slots.get(i).memory(), all).read());
            }
        }
        return Area.of(content, Shape.of(elements)).read();
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
            TermRuns[] results = arrays.map(loop.kernel(), at(loop.inputs()), loop.shape());
            for (int i = 0; i < results.length; i++) {
                at(loop.outputs().get(i)).write(results[i]);
            }
        } else if (step instanceof Reduce reduce) {
            Area output = at(reduce.output());
            output.write(arrays.reduce(
                    reduce.kernel(),
                    reduce.domain(),
                    at(reduce.inputs()),
                    output.layout().shape()));
        } else if (step instanceof Rows rows) {
            List<Place> given = new ArrayList<>(rows.inputs());
            given.addAll(rows.outputs());
            ScheduleOnTerms inside = new ScheduleOnTerms(rows.body(), arrays, slot -> {
                Area area = at(given.get(slot.index()));
                return new Area(area.memory(), area.begin() + area.layout().offset(), area.layout());
            });
            rows.body().steps().forEach(inside::run);
        } else if (step instanceof Multiply multiply) {
            Area output = at(multiply.output());
            output.write(arrays.multiply(
                    at(multiply.left()),
                    at(multiply.right()),
                    type(multiply.output()),
                    output.layout().shape()));
        } else if (step instanceof Single single) {
            Area output = at(single.output());
            output.write(arrays.single(
                    single.operator(), at(single.inputs()), output.layout().shape()));
        } else {
            Place place = ((Clear) step).output();
            arrays.clear(type(place), at(place));
        }
    }
}

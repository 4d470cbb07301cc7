// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.type.Layout;
import dev.capstan.tracer.rewrite.Coverage;
import dev.capstan.tracer.rewrite.LayoutAlgebra;
import dev.capstan.tracer.schedule.Schedule.Kind;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Runs through a schedule, noting positions instead of values. */
final class ScheduleVerifier {
    private final Schedule schedule;
    private final Set<Kind> own;
    private final List<Integer> changed;
    private final List<Coverage> written;

    private ScheduleVerifier(Schedule schedule, Set<Kind> own, List<Integer> changed) {
        this.schedule = schedule;
        this.own = own;
        this.changed = changed;
        this.written = IntStream.range(0, schedule.slots().size())
                .mapToObj(slot -> new Coverage())
                .toList();
    }

    /**
     * Checks that all places lie within their slots, that only the schedule's own slots are written, that nothing is
     * read before it is written, that a step writes no position twice and overwrites what it reads only element by
     * element, that results and kept values exist in the end, and that repetitions are what they stand for.
     *
     * @param own the kinds of slots that the schedule fills
     * @param kept places, besides the results, that others read afterwards
     * @param changed the inputs that the schedule may write to
     * @return true
     * @throws IllegalStateException if something is wrong
     */
    static boolean isValid(Schedule schedule, Set<Kind> own, List<Place> kept, List<Integer> changed) {
        ScheduleVerifier verifier = new ScheduleVerifier(schedule, own, changed);
        schedule.steps().forEach(verifier::run);
        schedule.results().forEach(place -> verifier.read(place, "results"));
        kept.forEach(place -> verifier.read(place, "kept values"));
        schedule.repetitions().forEach(verifier::compare);
        return true;
    }

    /** Each time of a repetition must be the steps that it stands for. */
    private void compare(Repetition repetition) {
        int next = repetition.first();
        for (int time = 0; time < repetition.times(); time++) {
            int now = time;
            for (Step step : repetition.body().steps()) {
                Step there = Steps.moved(
                        step,
                        place -> new Place(
                                repetition.slot(now, place.slot()),
                                LayoutAlgebra.shifted(place.layout(), repetition.offset(now, place.slot()))));
                if (!there.equals(schedule.steps().get(next))) {
                    throw new IllegalStateException("step " + next + " is not " + there + " in\n" + schedule);
                }
                next++;
            }
        }
    }

    private void run(Step step) {
        Steps.inputs(step).forEach(place -> read(place, step));
        List<Place> outputs = Steps.outputs(step);
        for (int i = 0; i < outputs.size(); i++) {
            Place output = outputs.get(i);
            Slot slot = slot(output, step);
            boolean home = slot.kind() == Kind.INPUT && changed.contains(slot.index());
            require(own.contains(slot.kind()) || home, output, step);
            for (Place other : outputs.subList(0, i)) {
                require(isDisjoint(output, other), output, step);
            }
            for (Place input : Steps.inputs(step)) {
                boolean inPlace = step instanceof Loop && input.equals(output);
                require(inPlace || isDisjoint(output, input), output, step);
            }
        }
        outputs.forEach(place -> written.get(place.slot()).add(place.layout()));
    }

    private void read(Place place, Object reader) {
        Kind kind = slot(place, reader).kind();
        require(!own.contains(kind) || written.get(place.slot()).contains(place.layout()), place, reader);
    }

    private Slot slot(Place place, Object user) {
        require(place.slot() >= 0 && place.slot() < schedule.slots().size(), place, user);
        Slot slot = schedule.slots().get(place.slot());
        Layout layout = place.layout();
        require(layout.offset() >= 0 && layout.extent() <= slot.elements(), place, user);
        return slot;
    }

    private static boolean isDisjoint(Place a, Place b) {
        if (a.slot() != b.slot()) {
            return true;
        }
        Coverage coverage = new Coverage();
        coverage.add(a.layout());
        return coverage.isDisjoint(b.layout());
    }

    private void require(boolean condition, Place place, Object user) {
        if (!condition) {
            throw new IllegalStateException("place " + place + " of " + user + " is wrong in\n" + schedule);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.type.Layout;
import dev.capstan.tracer.rewrite.Coverage;
import dev.capstan.tracer.rewrite.LayoutAlgebra;
import dev.capstan.tracer.schedule.Schedule.Kind;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Rows;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Runs through a schedule, noting positions instead of values. */
final class ScheduleVerifier {
    private final Schedule schedule;
    private final Set<Kind> own;
    private final List<Integer> changed;
    private final List<Coverage> written;
    private final StepTypes types;

    /** Rows that were found to be right; those of other times of a repetition are the same but for their places. */
    private final Set<List<Object>> known = new HashSet<>();

    private ScheduleVerifier(Schedule schedule, Set<Kind> own, List<Integer> changed) {
        this.schedule = schedule;
        this.own = own;
        this.changed = changed;
        this.written = IntStream.range(0, schedule.slots().size())
                .mapToObj(slot -> new Coverage())
                .toList();
        this.types = new StepTypes(schedule.slots());
    }

    /**
     * Checks that all places lie within their slots, that only the schedule's own slots are written, that nothing is
     * read before it is written, that a step writes no position twice and overwrites what it reads only element by
     * element, that a step's shape and types are those of its places, that results and kept values exist in the end,
     * that repetitions are what they stand for and come one after the other, and that what keeps to rows does so.
     *
     * @param own the kinds of slots that the schedule fills
     * @param kept places, besides the results, that others read afterwards
     * @param changed the inputs that the schedule may write to
     * @return true
     * @throws IllegalStateException if something is wrong
     */
    static boolean isValid(Schedule schedule, Set<Kind> own, List<Place> kept, List<Integer> changed) {
        ScheduleVerifier verifier = new ScheduleVerifier(schedule, own, changed);
        schedule.steps().forEach(step -> {
            step.inputs().forEach(place -> verifier.read(place, step));
            verifier.check(step);
            step.outputs().forEach(place -> verifier.written.get(place.slot()).add(place.layout()));
        });
        schedule.results().forEach(place -> verifier.read(place, "results"));
        kept.forEach(place -> verifier.read(place, "kept values"));
        verifier.compareRepetitions();
        return true;
    }

    /**
     * Checks the same, but for what is read and whether it was written before.
     *
     * @param own the kinds of slots that the schedule fills
     * @param changed the inputs that the schedule may write to
     * @throws IllegalStateException if something is wrong
     */
    static void checkPlaces(Schedule schedule, Set<Kind> own, List<Integer> changed) {
        ScheduleVerifier verifier = new ScheduleVerifier(schedule, own, changed);
        for (Step step : schedule.steps()) {
            step.inputs().forEach(place -> verifier.slot(place, step));
            verifier.check(step);
        }
        schedule.results().forEach(place -> verifier.slot(place, "results"));
        verifier.compareRepetitions();
    }

    /** A step must not be run by two repetitions. */
    private void compareRepetitions() {
        int end = 0;
        for (Repetition repetition : schedule.repetitions()) {
            boolean follows = repetition.first() >= end && repetition.times() > 0;
            end = repetition.end();
            if (!follows || end > schedule.steps().size()) {
                throw new IllegalStateException("a repetition of steps " + repetition.first() + " to " + end
                        + " overlaps another one, or the end, in\n" + schedule);
            }
            compare(repetition);
            compareSlots(repetition);
        }
    }

    /** Slots of a body must be what they are each time, and one place that nobody writes to if they are constant. */
    private void compareSlots(Repetition repetition) {
        List<Slot> slots = repetition.body().slots();
        BitSet constant = repetition.constant();
        boolean right = constant.length() <= slots.size();
        for (int i = 0; right && i < slots.size(); i++) {
            Slot inside = slots.get(i);
            right = inside.kind() == Kind.INPUT && inside.index() == i;
            for (int time = 0; right && time < repetition.times(); time++) {
                Slot slot = schedule.slots().get(repetition.slot(time, i));
                int offset = repetition.offset(time, i);
                boolean stays = repetition.slot(time, i) == repetition.slot(0, i) && offset == repetition.offset(0, i);
                right = slot.dtype() == inside.dtype()
                        && offset + inside.elements() <= slot.elements()
                        && (stays || !constant.get(i));
            }
        }
        for (Step step : repetition.body().steps()) {
            for (Place place : step.places()) {
                right = right
                        && place.layout().extent() <= slots.get(place.slot()).elements();
            }
        }
        for (int i = constant.nextSetBit(0); i >= 0; i = constant.nextSetBit(i + 1)) {
            right = right && staysUntilRead(i, repetition);
        }
        if (!right) {
            throw new IllegalStateException(
                    "slots of the repetition from step " + repetition.first() + " in\n" + schedule);
        }
    }

    /** True if nothing is written to a constant slot before the last step that reads it. */
    private boolean staysUntilRead(int slot, Repetition repetition) {
        List<Step> body = repetition.body().steps();
        int begin = repetition.offset(0, slot);
        int end = begin + repetition.body().slots().get(slot).elements();
        int last = body.size() - 1;
        while (last >= 0 && body.get(last).inputs().stream().noneMatch(input -> input.slot() == slot)) {
            last--;
        }
        if (last < 0) {
            return true;
        }
        int read = repetition.first() + (repetition.times() - 1) * body.size() + last;
        return schedule.steps().subList(repetition.first(), read).stream()
                .flatMap(step -> step.outputs().stream())
                .noneMatch(output -> output.slot() == repetition.slot(0, slot)
                        && output.layout().offset() < end
                        && output.layout().extent() > begin);
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

    /** The body of rows must be valid, do what the step says that it does, and keep to its rows. */
    private void compare(Rows rows) {
        Schedule body = rows.body();
        int inputs = rows.inputs().size();
        List<Place> given = new ArrayList<>(rows.inputs());
        given.addAll(rows.outputs());
        List<Place> produced = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
            Slot slot = slot(given.get(i), rows);
            Slot inside = body.slots().get(i);
            require(slot.dtype() == inside.dtype() && inside.kind() == Kind.INPUT, given.get(i), rows);
            require(inside.elements() == given.get(i).layout().at(0).extent(), given.get(i), rows);
            if (i >= inputs) {
                produced.add(new Place(i, given.get(i).layout().at(0)));
            }
        }
        isValid(
                body,
                EnumSet.of(Kind.ARENA),
                List.of(),
                produced.stream().map(Place::slot).toList());
        ScheduleVerifier inside = new ScheduleVerifier(body, EnumSet.of(Kind.ARENA), List.of());
        for (Step step : body.steps()) {
            for (Place place : step.inputs()) {
                for (Step before : body.steps().subList(0, body.steps().indexOf(step))) {
                    for (Place output : before.outputs()) {
                        inside.require(staysInRow(place, output, rows.rank()), place, step);
                    }
                }
                boolean computed = place.slot() >= inputs;
                inside.require(!computed || isWritten(place, step, body), place, step);
            }
        }
        for (Place place : produced) {
            require(isWritten(place, null, body), place, rows);
        }
    }

    /** True if steps before one, or all if that is null, write what lies at a place. */
    private static boolean isWritten(Place place, Step end, Schedule body) {
        Coverage coverage = new Coverage();
        for (Step step : body.steps()) {
            if (step == end) {
                break;
            }
            for (Place output : step.outputs()) {
                if (output.slot() == place.slot()) {
                    coverage.add(output.layout());
                }
            }
        }
        return coverage.contains(place.layout());
    }

    /** True if a row of one place holds elements of the other's same row alone. */
    private static boolean staysInRow(Place read, Place written, int rank) {
        if (read.slot() != written.slot()) {
            return true;
        }
        Coverage row = new Coverage();
        row.add(firstRow(written.layout(), rank));
        for (int i = 0; i < rank; i++) {
            boolean alike =
                    read.layout().shape().size(i) == written.layout().shape().size(i)
                            && read.layout().stride(i) == written.layout().stride(i);
            if (!alike) {
                return false;
            }
        }
        return row.contains(firstRow(read.layout(), rank));
    }

    private static Layout firstRow(Layout layout, int rank) {
        Layout row = layout;
        for (int i = 0; i < rank; i++) {
            row = row.select(0, 0);
        }
        return row;
    }

    private void check(Step step) {
        step.outputs().forEach(place -> slot(place, step));
        if (!types.fit(step)) {
            throw new IllegalStateException("shapes or types of " + step + " are wrong in\n" + schedule);
        }
        if (step instanceof Rows rows && known.add(form(rows))) {
            compare(rows);
        }
        List<Place> outputs = step.outputs();
        for (int i = 0; i < outputs.size(); i++) {
            Place output = outputs.get(i);
            Slot slot = slot(output, step);
            boolean home = slot.kind() == Kind.INPUT && changed.contains(slot.index());
            require(own.contains(slot.kind()) || home, output, step);
            require(!output.layout().overlapsItself(), output, step);
            for (Place other : outputs.subList(0, i)) {
                require(isDisjoint(output, other), output, step);
            }
            for (Place input : step.inputs()) {
                boolean inPlace = step instanceof Loop && input.equals(output);
                require(inPlace || isDisjoint(output, input), output, step);
            }
        }
    }

    private List<Object> form(Rows rows) {
        List<Object> form = new ArrayList<>(List.of(rows.body(), rows.rank()));
        for (Place place : rows.places()) {
            form.add(place.layout().at(0));
            form.add(slot(place, rows).dtype());
        }
        return form;
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
        if (a.layout().extent() <= b.layout().offset()
                || b.layout().extent() <= a.layout().offset()) {
            return true;
        }
        int begin = Math.min(a.layout().offset(), b.layout().offset());
        Coverage coverage = new Coverage();
        coverage.add(a.layout().at(a.layout().offset() - begin));
        return coverage.isDisjoint(b.layout().at(b.layout().offset() - begin));
    }

    private void require(boolean condition, Place place, Object user) {
        if (!condition) {
            throw new IllegalStateException("place " + place + " of " + user + " is wrong in\n" + schedule);
        }
    }
}

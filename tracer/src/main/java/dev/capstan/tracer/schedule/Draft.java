// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.tracer.schedule.Buffers.Buffer;
import dev.capstan.tracer.schedule.Schedule.Kind;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;

/**
 * A schedule before its memory is planned: steps on buffers, which are numbered in the order in which the steps name
 * them.
 */
public final class Draft {
    private final List<Step> steps;
    private final List<Buffer> buffers;
    private final List<Place> wanted;
    private final boolean rolls;

    /**
     * A schedule with the places of everything that is wanted of it.
     *
     * @param places of what was wanted, in its order
     */
    record Planned(List<Slot> slots, List<Step> steps, List<Place> places, List<Repetition> repetitions) {}

    /**
     * A draft.
     *
     * @param steps on places whose slot is the number of a buffer
     * @param buffers by their number
     * @param wanted the places that must exist in the end
     * @param rolls whether nothing is fused across the times of a repetition
     */
    Draft(List<Step> steps, List<Buffer> buffers, List<Place> wanted, boolean rolls) {
        this.steps = List.copyOf(steps);
        this.buffers = List.copyOf(buffers);
        this.wanted = List.copyOf(wanted);
        this.rolls = rolls;
    }

    /** Whether nothing is fused across the times of a repetition, so that other lengths may be alike. */
    public boolean rolls() {
        return rolls;
    }

    List<Step> steps() {
        return steps;
    }

    List<Buffer> buffers() {
        return buffers;
    }

    List<Place> wanted() {
        return wanted;
    }

    /** Numbers the buffers anew. */
    static Draft of(List<Step> steps, Buffers buffers, List<Place> wanted, boolean rolls) {
        int[] numbers = new int[buffers.size()];
        Arrays.fill(numbers, -1);
        List<Buffer> named = new ArrayList<>();
        for (Step step : steps) {
            step.places().forEach(place -> name(place, numbers, named, buffers));
        }
        wanted.forEach(place -> name(place, numbers, named, buffers));
        List<Step> renamed = new ArrayList<>(steps.size());
        for (Step step : steps) {
            renamed.add(Steps.moved(step, place -> new Place(numbers[place.slot()], place.layout())));
        }
        return new Draft(
                renamed,
                named,
                wanted.stream()
                        .map(place -> new Place(numbers[place.slot()], place.layout()))
                        .toList(),
                rolls);
    }

    private static void name(Place place, int[] numbers, List<Buffer> named, Buffers buffers) {
        if (numbers[place.slot()] < 0) {
            numbers[place.slot()] = named.size();
            named.add(buffers.get(place.slot()));
        }
    }

    /** Plans memory, and finds what is repeated. */
    Planned planned(List<Kind> kinds) {
        return planned(kinds, (repeats, memory) -> repeats.find(memory::placed));
    }

    private Planned planned(List<Kind> kinds, BiFunction<Repeats, MemoryPlan, List<Repetition>> repetitions) {
        MemoryPlan memory = new MemoryPlan(buffers, steps, wanted, kinds);
        return new Planned(
                memory.slots(),
                memory.steps(),
                wanted.stream().map(memory::placed).toList(),
                repetitions.apply(new Repeats(steps, buffers), memory));
    }

    /** A forward schedule, that is to be run as loops, in which results are in the order of the outputs. */
    Schedule rolled(ForwardOutputs outputs) {
        return rolled(outputs, planned(Scheduler.FORWARD_SLOTS));
    }

    /**
     * The same, with the bodies of another schedule.
     *
     * @param like what the other schedule repeats
     */
    Schedule rolled(ForwardOutputs outputs, List<Repetition> like) {
        return rolled(
                outputs, planned(Scheduler.FORWARD_SLOTS, (repeats, memory) -> repeats.find(like, memory::placed)));
    }

    private static Schedule rolled(ForwardOutputs outputs, Planned planned) {
        return new Schedule(
                planned.slots(), planned.steps(), outputs.results(planned.places()), planned.repetitions(), true);
    }
}

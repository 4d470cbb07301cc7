// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.type.DType;
import dev.capstan.tracer.schedule.Schedule.Kind;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Schedule.Step;
import dev.capstan.tracer.schedule.TandemRepeats.Run;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Finds what repeats in a list of steps. Two steps have the same form if they differ only in where their places begin; two
 * stretches of steps are the same computation if their steps have the same forms and name their places in the same
 * pattern. It sees nothing but steps: whether a loop in somebody's code made them, a recursion or the backward pass is all
 * the same, and nothing is assumed of how places move from one time to the next.
 */
final class Repeats {
    private final List<Step> steps;
    private final Buffers buffers;
    /** The stretch that was last compared with others, and its pattern. */
    private int comparedBegin;

    private int comparedLength;
    private int[] compared = {};

    /** @param steps on places whose slot is the number of a buffer */
    Repeats(List<Step> steps, Buffers buffers) {
        this.steps = steps;
        this.buffers = buffers;
    }

    private List<Object> form(Step step) {
        List<DType> types = new ArrayList<>();
        Step form = Steps.moved(step, place -> {
            types.add(buffers.get(place.slot()).dtype());
            return new Place(0, place.layout().at(0));
        });
        return List.of(form, types);
    }

    /**
     * All repetitions, none within another.
     *
     * @param placed where the place of a buffer lies in the end
     */
    List<Repetition> find(UnaryOperator<Place> placed) {
        List<List<Object>> forms = steps.stream().map(this::form).toList();
        return TandemRepeats.find(forms, 1, this::areAlike).stream()
                .map(run -> repetition(run, placed))
                .toList();
    }

    /** True if two stretches name their places in the same pattern. */
    private boolean areAlike(int begin, int other, int length) {
        if (begin != comparedBegin || length != comparedLength) {
            comparedBegin = begin;
            comparedLength = length;
            compared = pattern(begin, length);
        }
        return Arrays.equals(compared, pattern(other, length));
    }

    /** For each place of a stretch, which of its distinct places it is. */
    private int[] pattern(int begin, int length) {
        Map<Long, Integer> numbers = new HashMap<>();
        int[] pattern = new int[8 * length];
        int count = 0;
        for (int i = begin; i < begin + length; i++) {
            for (Place place : Steps.places(steps.get(i))) {
                pattern = count == pattern.length ? Arrays.copyOf(pattern, 2 * count) : pattern;
                pattern[count++] = numbers.computeIfAbsent(beginning(place), unseen -> numbers.size());
            }
        }
        return Arrays.copyOf(pattern, count);
    }

    private static long beginning(Place place) {
        return (long) place.slot() << Integer.SIZE | place.layout().offset();
    }

    private Repetition repetition(Run run, UnaryOperator<Place> placed) {
        int begin = run.begin();
        int length = run.length();
        int times = run.times();
        Schedule body = body(begin, length);
        int[][] slots = new int[times][body.slots().size()];
        int[][] offsets = new int[times][body.slots().size()];
        for (int time = 0; time < times; time++) {
            int slot = 0;
            for (Place place : distinct(begin + time * length, length).values()) {
                Place there = placed.apply(place);
                slots[time][slot] = there.slot();
                offsets[time][slot] = there.layout().offset();
                slot++;
            }
        }
        return new Repetition(begin, body, slots, offsets);
    }

    /** The places of a stretch that begin elsewhere than those before, by where they begin. */
    private Map<Long, Place> distinct(int begin, int length) {
        Map<Long, Place> distinct = new LinkedHashMap<>();
        for (int i = begin; i < begin + length; i++) {
            for (Place place : Steps.places(steps.get(i))) {
                distinct.putIfAbsent(beginning(place), place);
            }
        }
        return distinct;
    }

    private Schedule body(int begin, int length) {
        Map<Long, Integer> numbers = new HashMap<>();
        List<Slot> slots = new ArrayList<>();
        List<Step> body = new ArrayList<>();
        for (Step step : steps.subList(begin, begin + length)) {
            // in the order of places(step), which is that of the patterns
            for (Place place : Steps.places(step)) {
                int number = numbers.computeIfAbsent(beginning(place), unseen -> numbers.size());
                int elements = place.layout().at(0).extent();
                DType dtype = buffers.get(place.slot()).dtype();
                if (number == slots.size()) {
                    slots.add(new Slot(Kind.INPUT, number, dtype, elements));
                } else if (elements > slots.get(number).elements()) {
                    slots.set(number, new Slot(Kind.INPUT, number, dtype, elements));
                }
            }
            body.add(Steps.moved(
                    step,
                    place -> new Place(
                            numbers.get(beginning(place)), place.layout().at(0))));
        }
        return new Schedule(slots, body, List.of());
    }
}

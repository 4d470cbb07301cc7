// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.type.DType;
import dev.capstan.tracer.schedule.Schedule.Kind;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Schedule.Step;
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
    /** Fewer times are not worth a body of their own. */
    private static final int FEWEST = 3;

    /** So many different distances to the next step of the same form are tried. */
    private static final int MOST_DISTANCES = 6;

    private final List<Step> steps;
    private final Buffers buffers;
    private final int[] forms;
    /** For each step the next one of the same form, or {@link #NEVER}. */
    private final int[] next;

    private static final int NEVER = -1;

    /** @param steps on places whose slot is the number of a buffer */
    Repeats(List<Step> steps, Buffers buffers) {
        this.steps = steps;
        this.buffers = buffers;
        this.forms = new int[steps.size()];
        this.next = new int[forms.length];
        Map<List<Object>, Integer> known = new HashMap<>();
        for (int i = 0; i < forms.length; i++) {
            forms[i] = known.computeIfAbsent(form(steps.get(i)), unseen -> known.size());
        }
        int[] following = new int[known.size()];
        Arrays.fill(following, NEVER);
        for (int i = forms.length - 1; i >= 0; i--) {
            next[i] = following[forms[i]];
            following[forms[i]] = i;
        }
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
        List<Repetition> found = new ArrayList<>();
        int begin = 0;
        while (begin < forms.length) {
            int length = 0;
            int times = 0;
            int candidate = next[begin];
            for (int tried = 0; tried < MOST_DISTANCES && candidate != NEVER; tried++) {
                int distance = candidate - begin;
                int repeated = distance * FEWEST <= forms.length - begin ? times(begin, distance) : 0;
                if (repeated >= FEWEST && repeated * distance > times * length) {
                    length = distance;
                    times = repeated;
                }
                candidate = next[candidate];
            }
            if (times >= FEWEST) {
                found.add(repetition(begin, length, times, placed));
                begin += length * times;
            } else {
                begin++;
            }
        }
        return found;
    }

    /** How many times the steps from one on, so many of them, come in a row. */
    private int times(int begin, int length) {
        int equal = 0;
        while (begin + equal + length < forms.length && forms[begin + equal] == forms[begin + equal + length]) {
            equal++;
        }
        int most = equal / length + 1;
        if (most < FEWEST) {
            return most;
        }
        int[] pattern = pattern(begin, length);
        int times = 1;
        while (times < most && Arrays.equals(pattern, pattern(begin + times * length, length))) {
            times++;
        }
        return times;
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

    private Repetition repetition(int begin, int length, int times, UnaryOperator<Place> placed) {
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

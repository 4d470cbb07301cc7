// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.form.TandemRepeats;
import dev.capstan.tracer.form.TandemRepeats.Run;
import dev.capstan.tracer.schedule.Buffers.Buffer;
import dev.capstan.tracer.schedule.Schedule.Kind;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;

/**
 * Finds what repeats in a list of steps. Two steps have the same form if they differ only in where their places begin; two
 * stretches of steps are the same computation if their steps have the same forms and name their places in the same
 * pattern. It sees nothing but steps: whether a loop in somebody's code made them, a recursion or the backward pass is all
 * the same, and nothing is assumed of how places move from one time to the next.
 */
final class Repeats {
    private static final Place NOWHERE = new Place(0, Layout.contiguous(Shape.SCALAR));

    private final List<Step> steps;
    private final List<Buffer> buffers;
    /** For each step, what it reads and writes. */
    private final List<List<Place>> places;

    private final Numbering<Kernel> kernels = new Numbering<>();
    /** Equal forms have equal numbers. */
    private final Map<Object, Integer> formNumbers = new HashMap<>();

    private final int[] forms;
    /** How the stretch that was last compared with others names its places. */
    private Naming compared;

    /**
     * How a stretch of steps names its places.
     *
     * @param pattern for each place of its steps, in order, which of the distinct ones it is
     * @param distinct a place for each that begins elsewhere than those before
     */
    private record Naming(int begin, int length, int[] pattern, List<Place> distinct) {}

    /** @param steps on places whose slot is the number of a buffer */
    Repeats(List<Step> steps, List<Buffer> buffers) {
        this.steps = steps;
        this.buffers = buffers;
        this.places = steps.stream().map(Step::places).toList();
        this.forms = forms(steps, number -> buffers.get(number).dtype());
    }

    private int[] forms(List<Step> some, IntFunction<DType> type) {
        return some.stream()
                .mapToInt(step -> formNumbers.computeIfAbsent(form(step, type), unseen -> formNumbers.size()))
                .toArray();
    }

    private List<Object> form(Step step, IntFunction<DType> type) {
        List<Object> form = new ArrayList<>();
        form.add(computation(step));
        form.add(step.inputs().size());
        for (Place place : step.places()) {
            form.add(place.layout().at(0));
            form.add(type.apply(place.slot()));
        }
        return form;
    }

    /** What a step does, wherever its places lie. Of a loop the shape is that of its places. */
    private Object computation(Step step) {
        if (step instanceof Loop loop) {
            return kernels.of(loop.kernel());
        }
        return Steps.moved(step, place -> NOWHERE);
    }

    /**
     * All repetitions, none within another.
     *
     * @param placed where the place of a buffer lies in the end
     */
    List<Repetition> find(UnaryOperator<Place> placed) {
        List<Repetition> repetitions = new ArrayList<>();
        List<Integer> list = Arrays.stream(forms).boxed().toList();
        for (Run run : TandemRepeats.find(list, 1, this::areAlike)) {
            Naming[] times = times(run);
            Schedule body = body(times[0]);
            repetitions.add(repetition(run, times, body, constant(run, times), placed));
        }
        return repetitions;
    }

    private Naming[] times(Run run) {
        Naming[] times = new Naming[run.times()];
        Arrays.setAll(times, time -> naming(run.begin() + time * run.length(), run.length()));
        return times;
    }

    /**
     * Something that repeats itself elsewhere.
     *
     * @param forms of its steps
     * @param pattern how its steps name its slots
     */
    private record Known(Repetition repetition, int[] forms, int[] pattern) {}

    /**
     * The repetitions of bodies that another schedule repeats, however few times they come here. So the schedule of a
     * shorter sequence has no other bodies than that of a longer one.
     *
     * @param like the repetitions of the other schedule
     * @param placed where the place of a buffer lies in the end
     */
    List<Repetition> find(List<Repetition> like, UnaryOperator<Place> placed) {
        List<Known> bodies = like.stream()
                .map(repetition -> known(repetition, repetition.body()))
                .toList();
        List<Repetition> repetitions = new ArrayList<>();
        int begin = 0;
        while (begin < forms.length) {
            Repetition best = null;
            for (Known known : bodies) {
                Repetition found = repetition(known, begin, placed);
                best = found != null && (best == null || found.end() > best.end()) ? found : best;
            }
            if (best != null) {
                repetitions.add(best);
            }
            begin = best == null ? begin + 1 : best.end();
        }
        return repetitions;
    }

    private Known known(Repetition repetition, Schedule body) {
        int[] slots = body.steps().stream()
                .flatMap(step -> step.places().stream())
                .mapToInt(Place::slot)
                .toArray();
        return new Known(
                repetition,
                forms(body.steps(), number -> body.slots().get(number).dtype()),
                slots);
    }

    /** The repetition of a known body from a step on; null if there is none. */
    private Repetition repetition(Known known, int begin, UnaryOperator<Place> placed) {
        int length = known.forms.length;
        int times = 0;
        while (is(known, begin + times * length)) {
            times++;
        }
        if (times == 0) {
            return null;
        }
        Run run = new Run(begin, length, times);
        Naming[] namings = times(run);
        BitSet changing = known.repetition.constant();
        changing.andNot(constant(run, namings));
        return changing.isEmpty()
                ? repetition(run, namings, known.repetition.body(), known.repetition.constant(), placed)
                : null;
    }

    private boolean is(Known known, int begin) {
        int length = known.forms.length;
        return begin + length <= forms.length
                && Arrays.equals(known.forms, 0, length, forms, begin, begin + length)
                && Arrays.equals(known.pattern, naming(begin, length).pattern);
    }

    /** True if two stretches name their places in the same pattern. */
    private boolean areAlike(int begin, int other, int length) {
        if (compared == null || compared.begin != begin || compared.length != length) {
            compared = naming(begin, length);
        }
        return Arrays.equals(compared.pattern, naming(other, length).pattern);
    }

    private Naming naming(int begin, int length) {
        Map<Long, Integer> numbers = new HashMap<>();
        List<Place> distinct = new ArrayList<>();
        int[] pattern = new int[8 * length];
        int count = 0;
        for (List<Place> named : places.subList(begin, begin + length)) {
            for (Place place : named) {
                pattern = count == pattern.length ? Arrays.copyOf(pattern, 2 * count) : pattern;
                Integer known = numbers.putIfAbsent(beginning(place), distinct.size());
                pattern[count++] = known == null ? distinct.size() : known;
                if (known == null) {
                    distinct.add(place);
                }
            }
        }
        return new Naming(begin, length, Arrays.copyOf(pattern, count), distinct);
    }

    private static long beginning(Place place) {
        return (long) place.slot() << Integer.SIZE | place.layout().offset();
    }

    private Repetition repetition(
            Run run, Naming[] times, Schedule body, BitSet constant, UnaryOperator<Place> placed) {
        int count = times[0].distinct.size();
        int[][] slots = new int[times.length][count];
        int[][] offsets = new int[times.length][count];
        for (int time = 0; time < times.length; time++) {
            for (int slot = 0; slot < count; slot++) {
                Place there = placed.apply(times[time].distinct.get(slot));
                slots[time][slot] = there.slot();
                offsets[time][slot] = there.layout().offset();
            }
        }
        return new Repetition(run.begin(), body, slots, offsets, constant);
    }

    /** The slots of a body that are one place all the time, to which it does not write. */
    private BitSet constant(Run run, Naming[] times) {
        BitSet written = new BitSet();
        steps.subList(run.begin(), run.end())
                .forEach(step -> step.outputs().forEach(place -> written.set(place.slot())));
        int count = times[0].distinct.size();
        BitSet constant = new BitSet();
        constant.set(0, count);
        for (Naming time : times) {
            for (int slot = 0; slot < count; slot++) {
                Place place = time.distinct.get(slot);
                boolean same = beginning(place) == beginning(times[0].distinct.get(slot));
                constant.set(slot, constant.get(slot) && same && !written.get(place.slot()));
            }
        }
        return constant;
    }

    private Schedule body(Naming naming) {
        int[] elements = new int[naming.distinct.size()];
        List<Step> body = new ArrayList<>();
        int next = 0;
        for (Step step : steps.subList(naming.begin, naming.begin + naming.length)) {
            List<Place> inside = new ArrayList<>();
            for (Place place : step.places()) {
                int number = naming.pattern[next++];
                Layout layout = place.layout().at(0);
                inside.add(new Place(number, layout));
                elements[number] = Math.max(elements[number], layout.extent());
            }
            Iterator<Place> order = inside.iterator();
            body.add(Steps.moved(step, place -> order.next()));
        }
        List<Slot> slots = new ArrayList<>();
        for (int i = 0; i < elements.length; i++) {
            DType dtype = buffers.get(naming.distinct.get(i).slot()).dtype();
            slots.add(new Slot(Kind.INPUT, i, dtype, elements[i]));
        }
        return new Schedule(slots, body, List.of());
    }
}

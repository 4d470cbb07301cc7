// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.schedule.Schedule.Fused;
import dev.capstan.tracer.schedule.Schedule.Kind;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import dev.capstan.tracer.schedule.Schedule.Rows;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;

/** Puts loops and reductions over the same rows together to one step, with the rows in as few dimensions as possible. */
final class RowAssembly {
    private final IntFunction<DType> types;
    private final List<Step> kernels = new ArrayList<>();
    private final Set<Place> kept = new HashSet<>();
    private Shape wide;
    private int rank;

    /** @param types the element types of buffers */
    RowAssembly(IntFunction<DType> types) {
        this.types = types;
    }

    /**
     * Adds a kernel.
     *
     * @param kernel over the rows and perhaps one dimension more; one that is a reduction combines that
     */
    void add(Step kernel) {
        kernels.add(kernel);
        if (kernel instanceof Reduce reduce) {
            wide = reduce.domain();
        }
    }

    /** Says that what a kernel writes to a place is read by others, too. */
    void keep(Place output) {
        kept.add(beginning(output));
    }

    /** Places that are written are told apart by where they begin. */
    private static Place beginning(Place place) {
        return new Place(
                place.slot(), Layout.of(Shape.SCALAR, new int[0], place.layout().offset()));
    }

    /** The step. */
    Rows step() {
        List<Step> merged = merged();
        Map<Place, Place> inputs = new LinkedHashMap<>();
        Map<Place, Place> outputs = new LinkedHashMap<>();
        Map<Place, Place> own = new LinkedHashMap<>();
        for (Step kernel : merged) {
            for (Place place : kernel.inputs()) {
                Place begin = beginning(place);
                if (!outputs.containsKey(begin) && !own.containsKey(begin)) {
                    inputs.put(place, place);
                }
            }
            for (Place place : kernel.outputs()) {
                Place begin = beginning(place);
                (kept.contains(begin) ? outputs : own).put(begin, place);
            }
        }
        List<Slot> slots = new ArrayList<>();
        Map<Place, Integer> numbers = new LinkedHashMap<>();
        inputs.forEach((key, place) -> add(slots, numbers, key, place, Kind.INPUT, slots.size()));
        outputs.forEach((key, place) -> add(slots, numbers, key, place, Kind.INPUT, slots.size()));
        int outside = slots.size();
        own.forEach((key, place) -> add(slots, numbers, key, place, Kind.ARENA, slots.size() - outside));
        List<Step> body = merged.stream()
                .map(kernel -> Steps.moved(kernel, place -> {
                    Integer computed = numbers.get(beginning(place));
                    int number = computed != null ? computed : numbers.get(place);
                    return new Place(number, place.layout().at(0));
                }))
                .toList();
        return new Rows(
                new Schedule(slots, body, List.of()),
                rank,
                List.copyOf(inputs.values()),
                List.copyOf(outputs.values()));
    }

    private void add(List<Slot> slots, Map<Place, Integer> numbers, Place key, Place place, Kind kind, int index) {
        numbers.put(key, slots.size());
        slots.add(new Slot(
                kind, index, types.apply(place.slot()), place.layout().at(0).extent()));
    }

    private boolean isNarrow(Step kernel) {
        return ((Fused) kernel).space().rank() < wide.rank();
    }

    /** The kernels, with neighbouring dimensions of rows as one where all places walk through them in one step. */
    private List<Step> merged() {
        int last = wide.rank() - 1;
        Shape rows = wide.remove(last);
        List<Layout> layouts = new ArrayList<>();
        for (Step kernel : kernels) {
            for (Place place : kernel.places()) {
                int[] strides = Arrays.copyOf(place.layout().strides(), last);
                layouts.add(Layout.of(rows, strides, 0));
            }
        }
        Iteration iteration = Iteration.of(rows, layouts);
        rank = iteration.shape().rank();
        List<Step> merged = new ArrayList<>();
        int columns = wide.size(last);
        int next = 0;
        for (Step kernel : kernels) {
            boolean narrow = isNarrow(kernel);
            List<Place> places = new ArrayList<>();
            for (Place place : kernel.places()) {
                boolean combined = kernel instanceof Reduce
                        && places.size() == kernel.inputs().size();
                Layout outer = iteration.layout(next++, place.layout().offset());
                Layout layout = narrow
                        ? outer
                        : combined
                                ? with(outer, 1, 1)
                                : with(outer, columns, place.layout().stride(last));
                places.add(new Place(place.slot(), layout));
            }
            int read = kernel.inputs().size();
            Shape shape = narrow ? iteration.shape() : iteration.shape().insert(rank, columns);
            merged.add(
                    kernel instanceof Loop loop
                            ? new Loop(
                                    loop.kernel(), shape, places.subList(0, read), places.subList(read, places.size()))
                            : reduce((Reduce) kernel, shape, places));
        }
        return merged;
    }

    private static Reduce reduce(Reduce reduce, Shape domain, List<Place> places) {
        List<Boolean> marks = new ArrayList<>();
        for (int i = 0; i < domain.rank(); i++) {
            marks.add(i == domain.rank() - 1);
        }
        int read = places.size() - 1;
        return new Reduce(reduce.kernel(), domain, marks, places.subList(0, read), places.get(read));
    }

    /** A layout with one dimension more, the last. */
    private static Layout with(Layout outer, int size, int stride) {
        int rank = outer.shape().rank();
        int[] strides = Arrays.copyOf(outer.strides(), rank + 1);
        strides[rank] = stride;
        return Layout.of(outer.shape().insert(rank, size), strides, outer.offset());
    }
}

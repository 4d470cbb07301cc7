// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.type.DType;
import dev.capstan.tracer.rewrite.LayoutAlgebra;
import dev.capstan.tracer.schedule.Buffers.Buffer;
import dev.capstan.tracer.schedule.Schedule.Kind;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Gives every buffer its slot and its offset there. Scratch memory is one array per element type, in which buffers that
 * are never needed at the same time share their place; a loop writes over an input that nobody needs afterwards.
 */
final class MemoryPlan {
    private static final int NOWHERE = -1;

    private final List<Buffer> buffers;
    private final List<Step> steps;
    private final int[] first;
    private final int[] last;
    private final int[] offsets;
    private final int[] slots;
    /** Whether a buffer's memory was released, or taken over by another. */
    private final boolean[] ended;

    private final Map<DType, Arena> scratch = new EnumMap<>(DType.class);
    private final Map<DType, Arena> kept = new EnumMap<>(DType.class);
    private final List<Slot> slotList = new ArrayList<>();

    /**
     * Plans.
     *
     * @param steps on places whose slot is the number of a buffer
     * @param used places that must exist, whether a step uses them or not
     * @param kinds the order of the slots
     */
    MemoryPlan(List<Buffer> buffers, List<Step> steps, List<Place> used, List<Kind> kinds) {
        this.buffers = buffers;
        this.steps = steps;
        this.first = new int[buffers.size()];
        this.last = new int[buffers.size()];
        this.offsets = new int[buffers.size()];
        this.slots = new int[buffers.size()];
        this.ended = new boolean[buffers.size()];
        Arrays.fill(first, NOWHERE);
        Arrays.fill(last, NOWHERE);
        for (int step = 0; step < steps.size(); step++) {
            for (Place place : steps.get(step).places()) {
                first[place.slot()] = first[place.slot()] == NOWHERE ? step : first[place.slot()];
                last[place.slot()] = step;
            }
        }
        for (Place place : used) {
            first[place.slot()] = first[place.slot()] == NOWHERE ? 0 : first[place.slot()];
            last[place.slot()] = steps.size();
        }
        placeBuffers();
        assert isDisjoint();
        numberSlots(kinds);
    }

    private void placeBuffers() {
        for (int number = 0; number < buffers.size(); number++) {
            if (buffers.get(number).kind() == Kind.KEPT && isPart(number)) {
                offsets[number] =
                        arena(kept, number).allocate(buffers.get(number).elements());
            }
        }
        for (int step = 0; step < steps.size(); step++) {
            for (Place output : steps.get(step).outputs()) {
                if (isScratch(output.slot()) && first[output.slot()] == step) {
                    begin(steps.get(step), step, output);
                }
            }
            for (Place place : steps.get(step).places()) {
                end(step, place.slot());
            }
        }
    }

    private void end(int step, int number) {
        if (isScratch(number) && last[number] == step && !ended[number]) {
            ended[number] = true;
            arena(scratch, number).release(offsets[number], buffers.get(number).elements());
        }
    }

    private void begin(Step step, int index, Place output) {
        int number = output.slot();
        if (step instanceof Loop loop) {
            for (Place input : loop.inputs()) {
                if (isReplaceable(loop, index, input, output)) {
                    ended[input.slot()] = true;
                    offsets[number] = offsets[input.slot()];
                    return;
                }
            }
        }
        offsets[number] = arena(scratch, number).allocate(buffers.get(number).elements());
    }

    /** True if an input dies in this loop, which reads each of its elements just where it would write. */
    private boolean isReplaceable(Loop loop, int index, Place input, Place output) {
        int dying = input.slot();
        return isScratch(dying)
                && last[dying] == index
                && !ended[dying]
                && buffers.get(dying).dtype() == buffers.get(output.slot()).dtype()
                && buffers.get(dying).elements() == buffers.get(output.slot()).elements()
                && input.layout().equals(output.layout())
                && loop.inputs().stream().filter(other -> other.slot() == dying).count() == 1;
    }

    /** True if no two buffers share memory while both are needed; what a loop overwrites is not needed afterwards. */
    private boolean isDisjoint() {
        int[] began = IntStream.range(0, first.length)
                .filter(this::isScratch)
                .boxed()
                .sorted(Comparator.comparingInt(number -> first[number]))
                .mapToInt(Integer::intValue)
                .toArray();
        List<Integer> alive = new ArrayList<>();
        for (int buffer : began) {
            alive.removeIf(other -> last[other] <= first[buffer]);
            for (int other : alive) {
                if (first[other] < last[buffer] && areSharing(buffer, other)) {
                    throw new IllegalStateException("buffers " + buffer + " and " + other + " overlap");
                }
            }
            alive.add(buffer);
        }
        return true;
    }

    private boolean areSharing(int a, int b) {
        return buffers.get(a).dtype() == buffers.get(b).dtype()
                && offsets[a] < offsets[b] + buffers.get(b).elements()
                && offsets[b] < offsets[a] + buffers.get(a).elements();
    }

    private boolean isPart(int number) {
        return buffers.get(number).index() == Buffers.PART && first[number] != NOWHERE;
    }

    private boolean isScratch(int number) {
        return buffers.get(number).kind() == Kind.ARENA && isPart(number);
    }

    private Arena arena(Map<DType, Arena> arenas, int number) {
        return arenas.computeIfAbsent(buffers.get(number).dtype(), Arena::new);
    }

    private void numberSlots(List<Kind> kinds) {
        int[] used = IntStream.range(0, first.length)
                .filter(number -> first[number] != NOWHERE)
                .boxed()
                .sorted(Comparator.<Integer>comparingInt(
                                number -> kinds.indexOf(buffers.get(number).kind()))
                        .thenComparing(number -> buffers.get(number).index())
                        .thenComparing(number -> buffers.get(number).dtype())
                        .thenComparing(number -> number))
                .mapToInt(Integer::intValue)
                .toArray();
        for (int number : used) {
            Buffer buffer = buffers.get(number);
            Map<DType, Arena> arenas = buffer.kind() == Kind.KEPT ? kept : scratch;
            boolean part = isPart(number);
            Slot previous = slotList.isEmpty() ? null : slotList.get(slotList.size() - 1);
            boolean sameArray =
                    part && previous != null && previous.kind() == buffer.kind() && previous.dtype() == buffer.dtype();
            if (!sameArray) {
                int index = !part
                        ? buffer.index()
                        : previous != null && previous.kind() == buffer.kind() ? previous.index() + 1 : 0;
                int elements = part ? arenas.get(buffer.dtype()).size() : buffer.elements();
                slotList.add(new Slot(buffer.kind(), index, buffer.dtype(), elements));
            }
            slots[number] = slotList.size() - 1;
        }
    }

    /** The arrays. */
    List<Slot> slots() {
        return slotList;
    }

    /** A place in a buffer as a place in a slot. */
    Place placed(Place place) {
        return new Place(slots[place.slot()], LayoutAlgebra.shifted(place.layout(), offsets[place.slot()]));
    }

    /** The steps over slots. */
    List<Step> steps() {
        return steps.stream().map(step -> Steps.moved(step, this::placed)).toList();
    }
}

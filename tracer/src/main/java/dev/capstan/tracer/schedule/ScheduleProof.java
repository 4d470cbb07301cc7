// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Input;
import dev.capstan.tracer.graph.Graph.Operand;
import dev.capstan.tracer.schedule.Schedule.Kind;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.TermMemory.Area;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Shows that a forward schedule, wherever it comes from, computes just what a graph says, and leaves it where eager mode
 * would. The graph is worked out operator by operator, the schedule step by step in its planned memory, both on {@link
 * Terms} instead of numbers; all results, and all that is in written inputs in the end, must be the same terms. So they
 * are the same bits for any inputs: what is computed in another order, from another element, twice or not at all is
 * another term, and so is what is read before it was written. Numbers in the place of terms would show less: what early
 * steps of a long recurrence do does not change a bit of the last one's result, and {@code max} hides most of what it
 * gets.
 */
final class ScheduleProof {
    private static final Set<Kind> OWN = EnumSet.of(Kind.RESULT, Kind.ARENA);

    /** So many runs of terms take some hundredths of a second; they may be in any case. */
    private static final long LITTLE_WORK = 1L << 22;

    /** So many more for each step take less time than to compile it. */
    private static final long WORK_OF_STEP = 1L << 14;

    /** More than so many keep others waiting. */
    private static final long MOST_WORK = 1L << 26;

    /** Which part of all memory terms may take. */
    private static final int PART = 8;

    /** What a run takes. */
    private static final int RUN_BYTES = 32;

    private final Schedule schedule;
    private final Graph simplified;
    private final ForwardOutputs outputs;
    private final List<Integer> written;
    private final Map<Integer, Operand> operands = new HashMap<>();
    private final Roots roots;

    /**
     * Of a schedule that keeps nothing for a backward pass.
     *
     * @param graph what it was asked to do; its operands are inputs, its last outputs new contents of the written ones
     * @param simplified the graph after all rewrites
     * @param outputs those of the simplified graph
     */
    ScheduleProof(Schedule schedule, Graph graph, Graph simplified, ForwardOutputs outputs, List<Integer> written) {
        this.schedule = schedule;
        this.simplified = simplified;
        this.outputs = outputs;
        this.written = written;
        graph.definitions().forEach(definition -> {
            if (definition instanceof Operand operand) {
                operands.put(((Input) operand.source()).index(), operand);
            }
        });
        this.roots = new Roots(
                simplified, value -> ((Operand) simplified.definitions().get(value)).layout());
    }

    /**
     * Proves the schedule.
     *
     * @throws IllegalStateException if it does something else, or what it is has no proof
     * @throws Effort.Exhausted if the proof takes too long, or too much memory
     */
    void prove() {
        checkSlots();
        ScheduleVerifier.checkPlaces(schedule, OWN, written);
        checkPlaces();
        long work = LITTLE_WORK + WORK_OF_STEP * schedule.steps().size();
        long memory = Runtime.getRuntime().maxMemory() / PART / RUN_BYTES;
        compareTerms(new TermArrays(new Effort(Math.min(Math.min(work, MOST_WORK), memory))));
    }

    private void checkSlots() {
        Set<List<Object>> known = new HashSet<>();
        for (Slot slot : schedule.slots()) {
            boolean right = known.add(List.of(slot.kind(), slot.index())) && slot.elements() >= 0;
            if (slot.kind() == Kind.INPUT) {
                Operand operand = operands.get(slot.index());
                right &= operand != null
                        && operand.type().dtype() == slot.dtype()
                        && slot.elements() <= operand.layout().extent();
            } else {
                right &= slot.kind() == Kind.ARENA
                        || slot.kind() == Kind.RESULT && slot.index() >= 0 && slot.index() < outputs.results();
            }
            require(right, "slot " + slot);
        }
    }

    /** What a result is a view of, and which results share an array, is decided by the graph. */
    private void checkPlaces() {
        require(schedule.results().size() == outputs.results(), "the number of results");
        List<Integer> values = simplified.outputs();
        Map<Integer, Integer> first = new HashMap<>();
        Set<Integer> computed = new HashSet<>();
        for (int i = 0; i < outputs.shared().size(); i++) {
            int value = values.get(i);
            int root = roots.of(value);
            int number = outputs.shared().get(i);
            boolean again = !roots.isAlias(value) && !computed.add(value);
            if (roots.isExternal(root)) {
                Operand operand = (Operand) simplified.definitions().get(root);
                checkPlace(number, value, Kind.INPUT, ((Input) operand.source()).index(), roots.layout(value));
            } else if (again) {
                checkPlace(number, value, Kind.RESULT, number, contiguous(value));
            } else {
                first.putIfAbsent(root, number);
                checkPlace(number, value, Kind.RESULT, first.get(root), roots.layout(value));
            }
        }
        for (int i = 0; i < outputs.owned().size(); i++) {
            int number = outputs.owned().get(i);
            int value = values.get(outputs.shared().size() + i);
            checkPlace(number, value, Kind.RESULT, number, contiguous(value));
        }
    }

    private Layout contiguous(int value) {
        return Layout.contiguous(simplified.type(value).shape());
    }

    private void checkPlace(int result, int value, Kind kind, int index, Layout layout) {
        Place place = schedule.results().get(result);
        Slot slot = schedule.slots().get(place.slot());
        require(
                slot.kind() == kind
                        && slot.index() == index
                        && slot.dtype() == simplified.type(value).dtype()
                        && place.layout().equals(layout),
                "the place of result " + result);
    }

    private void compareTerms(TermArrays arrays) {
        List<Area> expected = GraphOnTerms.outputs(simplified, roots, arrays);
        ScheduleOnTerms run = ScheduleOnTerms.run(schedule, arrays);
        for (int i = 0; i < outputs.results(); i++) {
            int number = outputs.number(i);
            // a view of an input shows what is there in the end
            if (!roots.isExternal(roots.of(simplified.outputs().get(i)))) {
                Area place = run.at(schedule.results().get(number));
                require(expected.get(i).read().isSameAs(place.read()), "result " + number);
            }
        }
        for (int i = 0; i < written.size(); i++) {
            int input = written.get(i);
            Layout home = operands.get(input).layout();
            TermMemory content = arrays.input(input, home.extent());
            new Area(content, 0, home).write(expected.get(outputs.results() + i).read());
            TermRuns right = Area.of(content, Shape.of(home.extent())).read();
            require(right.isSameAs(run.input(input, home.extent())), "the content of input " + input);
        }
    }

    private static void require(boolean condition, String what) {
        if (!condition) {
            throw new IllegalStateException("not what the graph says: " + what);
        }
    }
}

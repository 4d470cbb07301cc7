// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.op.Contraction;
import dev.capstan.runtime.op.Elementwise;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.Reduction;
import dev.capstan.runtime.op.View;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import dev.capstan.tracer.graph.Graph.Definition;
import dev.capstan.tracer.graph.Graph.Input;
import dev.capstan.tracer.graph.Graph.Operand;
import dev.capstan.tracer.schedule.Schedule.Kind;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Multiply;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import dev.capstan.tracer.schedule.Schedule.Rows;
import dev.capstan.tracer.schedule.Schedule.Single;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a proof costs, which is known before it is begun: elements that are read, made and written, and memory. */
final class ProofCost {
    private final Graph graph;
    private final Roots roots;
    private final Schedule schedule;
    private final TermArrays arrays;
    private final Map<List<Object>, Integer> instructions = new HashMap<>();
    /** Stretches of inputs that are summed up once. */
    private final Set<List<Object>> summed = new HashSet<>();
    /** Slots that hold an input to which nothing was written so far. */
    private final BitSet shared = new BitSet();

    private long work;
    /** The terms of inputs. */
    private long given;
    /** The most terms that one step has besides those in slots and values. */
    private long passing;

    private ProofCost(Graph graph, Roots roots, Schedule schedule, TermArrays arrays) {
        this.arrays = arrays;
        this.graph = graph;
        this.roots = roots;
        this.schedule = schedule;
    }

    /**
     * Whether a proof has more than so much work, or so many bytes of terms at once.
     *
     * @param arrays the ones that it would use
     */
    static boolean exceeds(
            Graph graph, Roots roots, Schedule schedule, TermArrays arrays, long mostWork, long mostBytes) {
        ProofCost cost = new ProofCost(graph, roots, schedule, arrays);
        // of the graph's values only the outputs are left when the schedule is run
        long values = cost.addGraph();
        long slots = cost.addSchedule() + cost.outputs();
        return cost.work > mostWork || cost.given + Math.max(values, slots) + cost.passing > mostBytes / Long.BYTES;
    }

    /** The most terms that values hold at once, without the operands. */
    private long addGraph() {
        int[] last = GraphOnTerms.lastUses(graph, roots);
        long[] sizes = new long[last.length];
        long live = 0;
        long most = 0;
        for (int value = 0; value < last.length; value++) {
            Definition definition = graph.definitions().get(value);
            if (definition instanceof Operand operand) {
                given += operand.layout().extent();
            } else if (definition instanceof Apply apply && GraphOnTerms.isNeeded(value, last, roots)) {
                sizes[value] = roots.isAlias(value) ? 0 : roots.shape(value).elements();
                live += sizes[value];
                most = Math.max(most, live);
                add(apply, value);
                for (int operand : apply.operands()) {
                    int root = roots.of(operand);
                    boolean over = last[root] <= value;
                    live -= over ? sizes[root] : 0;
                    sizes[root] = over ? 0 : sizes[root];
                }
            }
        }
        work += given;
        return most;
    }

    private long outputs() {
        return graph.outputs().stream()
                .map(roots::of)
                .distinct()
                .filter(root -> !roots.isExternal(root))
                .mapToLong(root -> roots.shape(root).elements())
                .sum();
    }

    private void add(Apply apply, int value) {
        Operator operator = apply.operator();
        if (operator instanceof View && roots.isAlias(value)) {
            return;
        }
        List<TensorType> types = graph.types(apply.operands());
        long made = apply.type().shape().elements();
        long read = 0;
        for (TensorType type : types) {
            read += type.shape().elements();
        }
        long computed = made;
        if (operator instanceof Elementwise elementwise) {
            int steps = instructions.computeIfAbsent(
                    List.of(operator, types), unseen -> arrays.steps(elementwise.kernel(types)));
            computed = made * steps;
        } else if (operator instanceof Reduction reduction) {
            Shape domain = reduction.domain(types);
            read = (long) domain.elements() * types.size();
            computed = 2L * domain.elements();
        } else if (!(operator instanceof View)) {
            read = 0;
            for (int i = 0; i < types.size(); i++) {
                int operand = apply.operands().get(i);
                Definition root = graph.definitions().get(roots.of(operand));
                int input = root instanceof Operand given ? ((Input) given.source()).index() : -1;
                read += summed(input, roots.layout(operand), operator instanceof Contraction ? i : 2);
            }
        }
        add(read, computed, made);
    }

    /** The elements that have to be read to be summed up. */
    private long summed(int input, Layout layout, int along) {
        boolean known = input >= 0 && !summed.add(List.of(input, layout, along));
        return known ? 0 : 2L * layout.shape().elements();
    }

    private void add(long read, long computed, long made) {
        work += read + computed + made;
        // each element that is read may be copied, and its position listed
        passing = Math.max(passing, 2 * (read + made));
    }

    /** The terms that slots hold, without the inputs. */
    private long addSchedule() {
        long held = 0;
        for (int i = 0; i < schedule.slots().size(); i++) {
            Slot slot = schedule.slots().get(i);
            boolean isInput = slot.kind() == Kind.INPUT;
            shared.set(i, isInput);
            held += isInput ? 0 : slot.elements();
        }
        for (Step step : schedule.steps()) {
            for (Place output : step.outputs()) {
                if (shared.get(output.slot())) {
                    shared.clear(output.slot());
                    // and the content that there should be
                    held += 2L * schedule.slots().get(output.slot()).elements();
                }
            }
            add(step);
        }
        work += held;
        return held;
    }

    private void add(Step step) {
        if (step instanceof Rows rows) {
            long scratch = 0;
            for (Slot slot : rows.body().slots()) {
                scratch += slot.kind() == Kind.ARENA ? slot.elements() : 0;
            }
            work += scratch;
            passing = Math.max(passing, scratch);
            rows.body().steps().forEach(this::add);
            return;
        }
        long read = elements(step.inputs());
        long made = elements(step.outputs());
        long computed = made;
        if (step instanceof Loop loop) {
            computed = (long) loop.shape().elements() * arrays.steps(loop.kernel());
        } else if (step instanceof Reduce reduce) {
            computed = (long) reduce.domain().elements()
                    * (1 + arrays.steps(reduce.kernel().map()));
        } else if (step instanceof Multiply || step instanceof Single) {
            read = 0;
            for (int i = 0; i < step.inputs().size(); i++) {
                Place place = step.inputs().get(i);
                int input = shared.get(place.slot())
                        ? schedule.slots().get(place.slot()).index()
                        : -1;
                read += summed(input, place.layout(), step instanceof Multiply ? i : 2);
            }
        }
        add(read, computed, made);
    }

    private static long elements(List<Place> places) {
        long sum = 0;
        for (Place place : places) {
            sum += place.layout().shape().elements();
        }
        return sum;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.op.Contraction;
import dev.capstan.runtime.op.Elementwise;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.Reduction;
import dev.capstan.runtime.op.View;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import dev.capstan.tracer.graph.Graph.Definition;
import dev.capstan.tracer.graph.Graph.Operand;
import dev.capstan.tracer.schedule.Schedule.Kind;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Multiply;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import dev.capstan.tracer.schedule.Schedule.Rows;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What a proof costs, which is known before it is begun: elements that are read, made and written, and memory. */
final class ProofCost {
    private final Graph graph;
    private final Roots roots;
    private final Map<List<Object>, Integer> instructions = new HashMap<>();
    private long work;
    /** The most terms that one step has besides those in slots and values. */
    private long passing;

    private ProofCost(Graph graph, Roots roots) {
        this.graph = graph;
        this.roots = roots;
    }

    /** Whether a proof has more than so much work, or so many bytes of terms at once. */
    static boolean exceeds(Graph graph, Roots roots, Schedule schedule, long mostWork, long mostBytes) {
        ProofCost cost = new ProofCost(graph, roots);
        long values = cost.addGraph();
        long slots = cost.addSchedule(schedule);
        return cost.work > mostWork || (values + slots + cost.passing) > mostBytes / Long.BYTES;
    }

    /** The most terms that values hold at once. */
    private long addGraph() {
        int[] last = GraphOnTerms.lastUses(graph, roots);
        long[] sizes = new long[last.length];
        long live = 0;
        long most = 0;
        for (int value = 0; value < last.length; value++) {
            Definition definition = graph.definitions().get(value);
            if (definition instanceof Operand operand) {
                sizes[value] = operand.layout().extent();
                work += sizes[value];
            } else if (definition instanceof Apply apply && GraphOnTerms.isNeeded(value, last, roots)) {
                add(apply, value);
                sizes[value] = roots.isAlias(value) ? 0 : roots.shape(value).elements();
            }
            live += sizes[value];
            most = Math.max(most, live);
            if (definition instanceof Apply apply) {
                for (int operand : apply.operands()) {
                    int root = roots.of(operand);
                    boolean over = last[root] <= value;
                    live -= over ? sizes[root] : 0;
                    sizes[root] = over ? 0 : sizes[root];
                }
            }
        }
        return most;
    }

    private void add(Apply apply, int value) {
        Operator operator = apply.operator();
        if (operator instanceof View && roots.isAlias(value)) {
            return;
        }
        List<TensorType> types = apply.operands().stream().map(graph::type).toList();
        long made = apply.type().shape().elements();
        long read = 0;
        for (TensorType type : types) {
            read += type.shape().elements();
        }
        long computed = made;
        if (operator instanceof Elementwise elementwise) {
            int steps = instructions.computeIfAbsent(
                    List.of(operator, types),
                    unseen -> elementwise.kernel(types).instructions().size());
            computed = made * steps;
        } else if (operator instanceof Reduction reduction) {
            Shape domain = reduction.domain(types);
            read = (long) domain.elements() * types.size();
            computed = 2L * domain.elements();
        } else if (operator instanceof Contraction) {
            computed = 2 * made + read;
        }
        add(read, computed, made);
    }

    private void add(long read, long computed, long made) {
        work += read + computed + made;
        // each element that is read may be copied, and its position listed
        passing = Math.max(passing, 2 * (read + made));
    }

    /** The terms that slots hold. */
    private long addSchedule(Schedule schedule) {
        long held = 0;
        for (Slot slot : schedule.slots()) {
            held += slot.elements();
            // the content of an input is made anew to be compared
            held += slot.kind() == Kind.INPUT ? slot.elements() : 0;
        }
        work += held;
        schedule.steps().forEach(this::add);
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
            computed = (long) loop.shape().elements()
                    * loop.kernel().instructions().size();
        } else if (step instanceof Reduce reduce) {
            computed = (long) reduce.domain().elements()
                    * (1 + reduce.kernel().map().instructions().size());
        } else if (step instanceof Multiply) {
            computed = 2 * made + read;
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

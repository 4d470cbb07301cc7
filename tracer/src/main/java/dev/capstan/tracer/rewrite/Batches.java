// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import dev.capstan.tracer.rewrite.Roles.Role;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Values that do the same to every index of a dimension of one tensor, one index each: candidates for one operator on
 * all of the tensor. A time loop makes such values.
 */
final class Batches {
    private final Graph graph;
    private final Map<Integer, Batch> batchOf = new HashMap<>();
    private final Map<List<Object>, Batch> known = new HashMap<>();

    /** What is done to each index; it is computed where the first of the values stands. */
    static final class Batch {
        private final BitSet indices = new BitSet();
        private final int all;
        private int computed = -1;

        Batch(int all) {
            this.all = all;
        }

        /** The value that was put in for all, or -1. */
        int computed() {
            return computed;
        }

        void compute(int value) {
            computed = value;
        }
    }

    Batches(Graph graph) {
        this.graph = graph;
    }

    /**
     * Adds a value that applies something to a selection. One that leaves as a result stays out: it has to be storage
     * of its own.
     *
     * @param what is equal for values that do the same
     */
    void add(int value, Selection selection, Roles roles, Object... what) {
        if (roles.of(value) == Role.RESULT) {
            return;
        }
        int all = graph.type(selection.source()).shape().size(selection.dimension());
        Batch batch = known.computeIfAbsent(
                List.of(selection.source(), selection.dimension(), List.of(what)), unseen -> new Batch(all));
        batch.indices.set(selection.index());
        batchOf.put(value, batch);
    }

    /** The batch of a value if it has more than one index and all of them, else null. */
    Batch of(int value) {
        Batch batch = batchOf.get(value);
        return batch != null && batch.all > 1 && batch.indices.cardinality() == batch.all ? batch : null;
    }

    /** The first operand of a value, which must be an application, as a selection; null if it is none. */
    Selection selected(int value) {
        return Selection.of(
                graph, ((Apply) graph.definitions().get(value)).operands().get(0));
    }
}

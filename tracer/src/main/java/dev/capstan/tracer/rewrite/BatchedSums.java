// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.runtime.op.Select;
import dev.capstan.runtime.op.Sum;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import dev.capstan.tracer.rewrite.Batches.Batch;
import java.util.ArrayList;
import java.util.List;

/** Sums all time steps at once: equal sums of each {@code x[:, t]} become one sum that keeps the dimension of time. */
public final class BatchedSums implements Pass {
    @Override
    public String name() {
        return "batched-sums";
    }

    @Override
    public Graph apply(Graph graph, Roles roles) {
        Batches batches = new Batches(graph);
        for (int value = 0; value < graph.definitions().size(); value++) {
            if (graph.definitions().get(value) instanceof Apply apply && apply.operator() instanceof Sum) {
                Selection selection = batches.selected(value);
                if (selection != null) {
                    batches.add(value, selection, roles, apply.operator());
                }
            }
        }
        Rewriting rewriting = new Rewriting(graph);
        for (int value = 0; value < graph.definitions().size(); value++) {
            Batch batch = batches.of(value);
            if (batch == null) {
                rewriting.keep(value);
                continue;
            }
            Selection selection = batches.selected(value);
            Sum one = (Sum) ((Apply) graph.definitions().get(value)).operator();
            int source = rewriting.now(selection.source());
            List<Integer> dimensions = summed(one, rewriting.type(source).shape(), selection.dimension());
            if (batch.computed() < 0) {
                batch.compute(Sum.sum(rewriting, source, dimensions, one.keepDimensions()));
            }
            long before = dimensions.stream()
                    .filter(dimension -> dimension < selection.dimension())
                    .count();
            int time = selection.dimension() - (one.keepDimensions() ? 0 : (int) before);
            rewriting.replace(value, Select.select(rewriting, batch.computed(), time, selection.index()));
        }
        return rewriting.graph();
    }

    /** The dimensions of the whole that a sum over a selection combines. */
    private static List<Integer> summed(Sum one, Shape whole, int selected) {
        Shape part = whole.remove(selected);
        boolean[] reduced = one.reduced(part);
        List<Integer> dimensions = new ArrayList<>();
        for (int i = 0; i < reduced.length; i++) {
            if (reduced[i]) {
                dimensions.add(i < selected ? i : i + 1);
            }
        }
        return dimensions;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.runtime.op.Contraction;
import dev.capstan.runtime.op.Reshape;
import dev.capstan.runtime.op.Select;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import dev.capstan.tracer.rewrite.Batches.Batch;
import java.util.List;

/**
 * Multiplies all time steps at once: products of each {@code x[:, t]} or {@code x[t]} with the same second factor
 * become one product of all rows of x, {@code [batch * time, k] x [k, n]}. Each element is the same chain as before. Products over
 * k = 1 stay apart, because they are fused with what uses them.
 */
public final class BatchedProducts implements Pass {
    @Override
    public String name() {
        return "batched-products";
    }

    @Override
    public Graph apply(Graph graph, Roles roles) {
        Batches batches = new Batches(graph);
        for (int value = 0; value < graph.definitions().size(); value++) {
            if (isProduct(graph, value)) {
                Selection selection = batches.selected(value);
                if (selection != null && selection.dimension() < 2) {
                    Apply apply = (Apply) graph.definitions().get(value);
                    batches.add(
                            value,
                            selection,
                            roles,
                            apply.operator(),
                            apply.operands().get(1));
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
            if (batch.computed() < 0) {
                Apply apply = (Apply) graph.definitions().get(value);
                batch.compute(product(rewriting, apply, selection.source()));
            }
            rewriting.replace(
                    value, Select.select(rewriting, batch.computed(), selection.dimension(), selection.index()));
        }
        return rewriting.graph();
    }

    private static boolean isProduct(Graph graph, int value) {
        return graph.definitions().get(value) instanceof Apply apply
                && apply.operator() instanceof Contraction
                && apply.type().shape().rank() == 2
                && graph.type(apply.operands().get(0)).shape().size(1) > 1;
    }

    private static int product(Rewriting rewriting, Apply one, int source) {
        int all = rewriting.now(source);
        int factor = rewriting.now(one.operands().get(1));
        Shape shape = rewriting.type(all).shape();
        int rows = Reshape.reshape(rewriting, all, Shape.of(shape.size(0) * shape.size(1), shape.size(2)));
        int product = rewriting.apply(one.operator(), List.of(rows, factor));
        return Reshape.reshape(
                rewriting, product, shape.with(2, one.type().shape().size(1)));
    }
}

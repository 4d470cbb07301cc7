// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.runtime.op.Contraction;
import dev.capstan.runtime.op.Transpose;
import dev.capstan.runtime.op.View;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import java.util.List;

/**
 * Replaces the transpose of a product that has no other use by the product of the transposed factors, exchanged: the
 * gradient of a weight that was used transposed then is what its sum needs. Each element is the same chain, for
 * {@code fma(a, b, c)} is {@code fma(b, a, c)}.
 */
public final class TransposedProducts implements Pass {
    @Override
    public String name() {
        return "transposed-products";
    }

    @Override
    public Graph apply(Graph graph, Roles roles) {
        int[] uses = Mosaics.uses(graph);
        Rewriting rewriting = new Rewriting(graph);
        for (int value = 0; value < graph.definitions().size(); value++) {
            Apply product = roles.isPinned(value) ? null : transposed(graph, uses, value);
            if (product == null) {
                rewriting.keep(value);
                continue;
            }
            int rank = product.type().shape().rank();
            int left = rewriting.now(product.operands().get(0));
            int right = rewriting.now(product.operands().get(1));
            rewriting.replace(
                    value,
                    rewriting.apply(
                            product.operator(),
                            List.of(
                                    Transpose.transpose(rewriting, right, rank - 2, rank - 1),
                                    Transpose.transpose(rewriting, left, rank - 2, rank - 1))));
        }
        return rewriting.graph();
    }

    /** The product of which a value is the transpose, if that is its only use, else null. */
    private static Apply transposed(Graph graph, int[] uses, int value) {
        if (!(graph.definitions().get(value) instanceof Apply view) || !(view.operator() instanceof View transpose)) {
            return null;
        }
        int operand = view.operands().get(0);
        if (uses[operand] != 1
                || !(graph.definitions().get(operand) instanceof Apply product)
                || !(product.operator() instanceof Contraction)) {
            return null;
        }
        return LayoutAlgebra.isTranspose(transpose, product.type().shape()) ? product : null;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.runtime.op.Add;
import dev.capstan.runtime.op.Cat;
import dev.capstan.runtime.op.Contraction;
import dev.capstan.runtime.op.Mm;
import dev.capstan.runtime.op.Transpose;
import dev.capstan.runtime.op.View;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes a sum of products, {@code a1 x b1 + a2 x b2 + ...}, one product over all that is summed: {@code [a1 a2 ...] x
 * [b1; b2; ...]}. Such sums are {@code x W + h U}, and the gradient of a weight that is used at every time step. An element
 * then is one chain instead of several that are added, so it is rounded otherwise.
 */
public final class MergedProducts implements Pass {
    /** Multiplications that a merged product makes for each element that is copied for it, at least. */
    private static final int WORTHWHILE = 8;

    @Override
    public String name() {
        return "merged-products";
    }

    @Override
    public boolean isExact() {
        return false;
    }

    /**
     * What is added up to a value: products, and anything else.
     *
     * @param inner what has no other use than to be part of this
     */
    private record Sum(List<Integer> products, List<Integer> others, List<Integer> inner) {
        Sum() {
            this(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        }

        void addAll(Sum more) {
            products.addAll(more.products);
            others.addAll(more.others);
            inner.addAll(more.inner);
        }
    }

    @Override
    public Graph apply(Graph graph, Roles roles) {
        int size = graph.definitions().size();
        int[] uses = Mosaics.uses(graph);
        Sum[] sums = new Sum[size];
        for (int value = 0; value < size; value++) {
            if (graph.definitions().get(value) instanceof Apply apply && isSum(graph, apply)) {
                sums[value] = new Sum();
                for (int operand : apply.operands()) {
                    boolean inside = uses[operand] == 1 && !roles.isPinned(operand);
                    if (inside && sums[operand] != null) {
                        sums[value].addAll(sums[operand]);
                        sums[value].inner.add(operand);
                        sums[operand] = null;
                    } else if (inside && isProduct(graph, operand)) {
                        sums[value].products.add(operand);
                        sums[value].inner.add(operand);
                    } else {
                        sums[value].others.add(operand);
                    }
                }
            }
        }
        boolean[] dropped = new boolean[size];
        for (int value = 0; value < size; value++) {
            if (sums[value] != null && sums[value].products.size() > 1) {
                sums[value].inner.forEach(part -> dropped[part] = true);
            } else {
                sums[value] = null;
            }
        }
        Rewriting rewriting = new Rewriting(graph);
        for (int value = 0; value < size; value++) {
            if (sums[value] != null) {
                rewriting.replace(value, merged(rewriting, graph, sums[value]));
            } else if (!dropped[value]) {
                rewriting.keep(value);
            }
        }
        return rewriting.graph();
    }

    private static boolean isSum(Graph graph, Apply apply) {
        return apply.type().shape().rank() == 2
                && apply.type().dtype().isFloating()
                && apply.operands().size() == 2
                && Mosaics.isAddition(graph, apply);
    }

    private static boolean isProduct(Graph graph, int value) {
        if (!(graph.definitions().get(value) instanceof Apply apply) || !(apply.operator() instanceof Contraction)) {
            return false;
        }
        long rows = apply.type().shape().size(0);
        long columns = apply.type().shape().size(1);
        return apply.operator() instanceof Mm && rows * columns >= WORTHWHILE * (rows + columns);
    }

    private static int merged(Rewriting rewriting, Graph graph, Sum sum) {
        List<Integer> lefts = new ArrayList<>();
        List<Integer> rights = new ArrayList<>();
        for (int product : sum.products) {
            Apply apply = (Apply) graph.definitions().get(product);
            lefts.add(rewriting.now(apply.operands().get(0)));
            rights.add(rewriting.now(apply.operands().get(1)));
        }
        int result = Mm.mm(rewriting, beside(rewriting, lefts, 1), beside(rewriting, rights, 0));
        for (int other : sum.others) {
            result = Add.add(rewriting, result, rewriting.now(other));
        }
        return result;
    }

    private static boolean isTransposed(Rewriting rewriting, int matrix) {
        return rewriting.definition(matrix) instanceof Apply apply
                && apply.operator() instanceof View view
                && LayoutAlgebra.isTranspose(
                        view, rewriting.type(apply.operands().get(0)).shape());
    }

    /** Matrices joined along a dimension; transposed ones before they are transposed, so that rows are copied whole. */
    private static int beside(Rewriting rewriting, List<Integer> matrices, int dimension) {
        List<Integer> plain = matrices.stream()
                .filter(matrix -> isTransposed(rewriting, matrix))
                .map(matrix -> ((Apply) rewriting.definition(matrix)).operands().get(0))
                .toList();
        return plain.size() == matrices.size()
                ? Transpose.transpose(rewriting, Cat.cat(rewriting, plain, 1 - dimension), 0, 1)
                : Cat.cat(rewriting, matrices, dimension);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.op.View;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import dev.capstan.tracer.graph.Graph.Constant;
import dev.capstan.tracer.graph.Graph.Definition;
import dev.capstan.tracer.graph.Graph.Operand;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * Which memory each value of a graph lies in. A root has memory of its own: an operand, a constant, a computation, or
 * a view that strides cannot express, whose operand is therefore copied. Every other view lies in the root of its
 * operand.
 */
final class Roots {
    private final Graph graph;
    private final int[] roots;
    private final Layout[] layouts;

    /**
     * Finds the roots.
     *
     * @param given where the operands lie
     */
    Roots(Graph graph, IntFunction<Layout> given) {
        this.graph = graph;
        this.roots = new int[graph.definitions().size()];
        this.layouts = new Layout[roots.length];
        for (int value = 0; value < roots.length; value++) {
            Definition definition = graph.definitions().get(value);
            roots[value] = value;
            layouts[value] = definition instanceof Operand
                    ? given.apply(value)
                    : Layout.contiguous(definition.type().shape());
            View view = view(value);
            if (view != null) {
                int operand = operand(value);
                Layout shown = view.view(layouts[operand]).orElse(null);
                roots[value] = shown == null ? value : roots[operand];
                layouts[value] = shown == null ? view.view(copied(operand)).orElseThrow() : shown;
            }
        }
    }

    private View view(int value) {
        return graph.definitions().get(value) instanceof Apply apply && apply.operator() instanceof View view
                ? view
                : null;
    }

    private int operand(int view) {
        return ((Apply) graph.definitions().get(view)).operands().get(0);
    }

    private Layout copied(int value) {
        return Layout.contiguous(graph.type(value).shape());
    }

    /** The root in whose memory a value lies. */
    int of(int value) {
        return roots[value];
    }

    /** True if a value is a view in the memory of another. */
    boolean isAlias(int value) {
        return roots[value] != value;
    }

    /** True for a root that is a view of a copy. */
    boolean isCopiedView(int root) {
        return roots[root] == root && view(root) != null;
    }

    /** True for a root that comes from outside. */
    boolean isExternal(int root) {
        return graph.definitions().get(root) instanceof Operand;
    }

    /** True for a root that is a number. */
    boolean isConstant(int root) {
        return graph.definitions().get(root) instanceof Constant;
    }

    /** What a root's memory holds: the root itself or, for a view of a copy, the copy. */
    Shape shape(int root) {
        return graph.type(isCopiedView(root) ? operand(root) : root).shape();
    }

    /** Where a value lies if its root lies contiguous, or where it is given. */
    Layout layout(int value) {
        return layouts[value];
    }

    /** Where a value lies if its root lies elsewhere; empty if the views between them cannot show it there. */
    Optional<Layout> layout(int value, Layout root) {
        if (isCopiedView(value)) {
            return view(value).view(root);
        }
        if (!isAlias(value)) {
            return Optional.of(root);
        }
        int of = roots[value];
        return !isCopiedView(of) && root.equals(layouts[of])
                ? Optional.of(layouts[value])
                : layout(operand(value), root).flatMap(layout -> view(value).view(layout));
    }
}

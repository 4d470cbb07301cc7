// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.runtime.op.Assembly;
import dev.capstan.runtime.op.Reshape;
import dev.capstan.runtime.op.View;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Replaces a view that shows exactly one piece of an assembly, such as a selection from a stack, by the piece. */
public final class Pieces implements Pass {
    @Override
    public String name() {
        return "pieces";
    }

    @Override
    public Graph apply(Graph graph, Roles roles) {
        Rewriting rewriting = new Rewriting(graph);
        for (int value = 0; value < graph.definitions().size(); value++) {
            rewriting.keep(value);
            if (!roles.isPinned(value)) {
                rewriting.replace(value, piece(rewriting, rewriting.now(value)));
            }
        }
        return rewriting.graph();
    }

    private static int piece(Rewriting rewriting, int value) {
        List<View> chain = new ArrayList<>();
        int source = value;
        while (rewriting.definition(source) instanceof Apply apply && apply.operator() instanceof View view) {
            chain.add(0, view);
            source = apply.operands().get(0);
        }
        Shape shape = rewriting.type(value).shape();
        if (chain.isEmpty()
                || shape.elements() == 0
                || !(rewriting.definition(source) instanceof Apply apply)
                || !(apply.operator() instanceof Assembly assembly)) {
            return value;
        }
        Layout whole = Layout.contiguous(apply.type().shape());
        Optional<Layout> shown = ViewChains.show(chain, whole);
        if (shown.isEmpty()) {
            return value;
        }
        List<TensorType> types = apply.operands().stream().map(rewriting::type).toList();
        for (int i = 0; i < types.size(); i++) {
            boolean converted = types.get(i).dtype() != apply.type().dtype();
            if (!converted && LayoutAlgebra.sameElements(assembly.place(i, types, whole), shown.get())) {
                return Reshape.reshape(rewriting, apply.operands().get(i), shape);
            }
        }
        return value;
    }
}

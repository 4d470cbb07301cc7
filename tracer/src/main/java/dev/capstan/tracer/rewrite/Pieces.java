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

/**
 * Replaces a view that shows exactly one piece of an assembly, such as a selection from a stack, by the piece. Where pieces
 * lie over one another it looks for the topmost, and through those that do not lie over what is shown.
 */
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
        if (shape.elements() == 0
                || !(rewriting.definition(source) instanceof Apply apply)
                || !(apply.operator() instanceof Assembly)) {
            return value;
        }
        Optional<Layout> shown =
                ViewChains.show(chain, Layout.contiguous(rewriting.type(source).shape()));
        return shown.map(layout -> find(rewriting, apply, layout))
                .map(found -> Reshape.reshape(rewriting, found, shape))
                .orElse(value);
    }

    /** The value that is shown by a layout of a contiguous assembly, or null. */
    private static Integer find(Rewriting rewriting, Apply apply, Layout shown) {
        if (!(apply.operator() instanceof Assembly assembly)) {
            return null;
        }
        Layout whole = Layout.contiguous(apply.type().shape());
        List<TensorType> types = rewriting.types(apply.operands());
        int lowest = assembly.isLayered() ? 1 : 0;
        for (int i = types.size() - 1; i >= lowest; i--) {
            // a number that was written is a tensor from then on: it promotes otherwise
            boolean converted = types.get(i).dtype() != apply.type().dtype()
                    || types.get(i).wrapped() != apply.type().wrapped();
            Layout place = assembly.place(i, types, whole);
            if (!converted && LayoutAlgebra.sameElements(place, shown)) {
                return apply.operands().get(i);
            }
            if (assembly.isLayered() && !isDisjoint(place, shown)) {
                return null;
            }
        }
        return assembly.isLayered() && rewriting.definition(apply.operands().get(0)) instanceof Apply below
                ? find(rewriting, below, shown)
                : null;
    }

    private static boolean isDisjoint(Layout place, Layout shown) {
        Coverage coverage = new Coverage();
        coverage.add(place);
        return coverage.isDisjoint(shown);
    }
}

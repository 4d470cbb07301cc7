// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.runtime.op.View;
import dev.capstan.runtime.type.Layout;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Replaces a chain of views that shows all elements in their old order and shape by what it is a view of: a double
 * transpose, a reshape and back, a reshape to the own shape, a detach.
 */
public final class ViewChains implements Pass {
    @Override
    public String name() {
        return "view-chains";
    }

    @Override
    public Graph apply(Graph graph, Roles roles) {
        Rewriting rewriting = new Rewriting(graph);
        for (int value = 0; value < graph.definitions().size(); value++) {
            rewriting.keep(value);
            if (!roles.isPinned(value)) {
                rewriting.replace(value, origin(rewriting, rewriting.now(value)));
            }
        }
        return rewriting.graph();
    }

    /** The furthest value of which this one shows exactly the elements. */
    private static int origin(Rewriting rewriting, int value) {
        if (!(rewriting.definition(value) instanceof Apply last) || !(last.operator() instanceof View)) {
            return value;
        }
        List<View> chain = new ArrayList<>();
        int origin = value;
        int source = value;
        while (rewriting.definition(source) instanceof Apply apply && apply.operator() instanceof View view) {
            chain.add(0, view);
            source = apply.operands().get(0);
            if (rewriting.type(source).equals(rewriting.type(value)) && isIdentity(chain, rewriting, source)) {
                origin = source;
            }
        }
        return origin;
    }

    private static boolean isIdentity(List<View> chain, Rewriting rewriting, int source) {
        Layout contiguous = Layout.contiguous(rewriting.type(source).shape());
        return show(chain, contiguous)
                .filter(shown -> LayoutAlgebra.sameElements(shown, contiguous))
                .isPresent();
    }

    /** The layout after a chain of views, first to last; empty if a copy is needed on the way. */
    static Optional<Layout> show(List<View> chain, Layout layout) {
        Optional<Layout> shown = Optional.of(layout);
        for (View view : chain) {
            shown = shown.flatMap(view::view);
        }
        return shown;
    }
}

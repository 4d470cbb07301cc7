// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.runtime.op.View;
import dev.capstan.runtime.type.Layout;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import java.util.Optional;

/**
 * A value that is one index of a dimension of another, as by {@code select}.
 *
 * @param source the value of which it is a part
 * @param dimension the dimension of the source that it lacks
 * @param index which index of that dimension
 */
record Selection(int source, int dimension, int index) {
    /** A value as a selection, or null if it is none. */
    static Selection of(Graph graph, int value) {
        if (!(graph.definitions().get(value) instanceof Apply apply) || !(apply.operator() instanceof View view)) {
            return null;
        }
        int source = apply.operands().get(0);
        Layout whole = Layout.contiguous(graph.type(source).shape());
        Optional<Layout> shown = view.view(whole);
        if (shown.isEmpty() || shown.get().shape().elements() == 0) {
            return null;
        }
        for (int dimension = 0; dimension < whole.shape().rank(); dimension++) {
            int index = shown.get().offset() / whole.stride(dimension);
            if (index < whole.shape().size(dimension)
                    && whole.select(dimension, index).equals(shown.get())) {
                return new Selection(source, dimension, index);
            }
        }
        return null;
    }
}

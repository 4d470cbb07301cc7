// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.runtime.op.Composite;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import java.util.List;

/** Checks a graph against what its operators say themselves. */
public final class GraphVerifier {
    private GraphVerifier() {}

    /**
     * Infers every type again.
     *
     * @throws IllegalStateException if a type differs, or if there is a composite
     */
    public static void verify(Graph graph) {
        for (int value = 0; value < graph.definitions().size(); value++) {
            if (graph.definitions().get(value) instanceof Apply apply) {
                if (apply.operator() instanceof Composite) {
                    throw new IllegalStateException("%" + value + " is a composite: " + apply.operator());
                }
                TensorType type = apply.operator().infer(graph.types(apply.operands()));
                if (!type.equals(apply.type())) {
                    throw new IllegalStateException(
                            "%" + value + " is " + type + ", not " + apply.type() + ", in\n" + graph);
                }
            }
        }
    }

    /**
     * Checks what a pass made of a graph.
     *
     * @throws IllegalStateException if the result is not well typed, or if the outputs have other types than before
     */
    static void verify(String pass, Graph before, Graph after) {
        verify(after);
        List<TensorType> expected = before.outputs().stream().map(before::type).toList();
        List<TensorType> actual = after.outputs().stream().map(after::type).toList();
        if (!expected.equals(actual)) {
            throw new IllegalStateException(pass + " changed the outputs from " + expected + " to " + actual);
        }
    }
}

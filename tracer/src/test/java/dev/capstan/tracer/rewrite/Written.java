// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Input;
import dev.capstan.tracer.graph.GraphBuilder;
import java.util.List;

/** Graphs for tests, and what passes make of them, as text. */
final class Written {
    final GraphBuilder ops = new GraphBuilder();
    private int inputs;

    int input(DType dtype, int... sizes) {
        Shape shape = Shape.of(sizes);
        return ops.operand(new Input(inputs++), new TensorType(dtype, shape), Layout.contiguous(shape));
    }

    int input(int... sizes) {
        return input(DType.FLOAT32, sizes);
    }

    /** The graph after a pass and without dead code, where nobody sees storage. */
    String after(Pass pass, Integer... outputs) {
        Graph graph = ops.build(List.of(outputs));
        Graph rewritten = pass.apply(graph, Roles.backward(graph));
        return live(pass, graph, rewritten);
    }

    /** The same for a forward graph with so many results; the other outputs are kept. */
    String after(Pass pass, int results, List<Integer> outputs) {
        Graph graph = ops.build(outputs);
        Graph rewritten =
                pass.apply(graph, Roles.forward(graph, results, graph.outputs().size() - results));
        return live(pass, graph, rewritten);
    }

    private static String live(Pass pass, Graph before, Graph after) {
        GraphVerifier.verify(pass.name(), before, after);
        return new DeadCode().apply(after, Roles.backward(after)).toString();
    }
}

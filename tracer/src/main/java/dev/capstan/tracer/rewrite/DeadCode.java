// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;

/** Drops definitions on which no output depends. */
public final class DeadCode implements Pass {
    @Override
    public String name() {
        return "dead-code";
    }

    @Override
    public Graph apply(Graph graph, Roles roles) {
        boolean[] live = new boolean[graph.definitions().size()];
        graph.outputs().forEach(output -> live[output] = true);
        for (int value = live.length - 1; value >= 0; value--) {
            if (live[value] && graph.definitions().get(value) instanceof Apply apply) {
                apply.operands().forEach(operand -> live[operand] = true);
            }
        }
        Rewriting rewriting = new Rewriting(graph);
        for (int value = 0; value < live.length; value++) {
            if (live[value]) {
                rewriting.keep(value);
            }
        }
        return rewriting.graph();
    }
}

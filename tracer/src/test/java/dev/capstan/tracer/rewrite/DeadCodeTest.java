// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.capstan.runtime.op.Add;
import dev.capstan.runtime.op.Neg;
import dev.capstan.runtime.op.Tanh;
import dev.capstan.tracer.graph.Graph;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeadCodeTest {
    @Test
    void whatNoOutputNeedsIsDropped() {
        Written w = new Written();
        int x = w.input(2);
        int unused = Tanh.tanh(w.ops, x);
        int wanted = Neg.neg(w.ops, x);
        Add.add(w.ops, unused, wanted);
        Graph graph = w.ops.build(List.of(wanted));
        assertEquals(
                """
            %0 = input 0 : float32[2]/[1]
            %1 = neg(%0) : float32[2]
            return %1
            """,
                new DeadCode()
                        .apply(graph, Roles.forward(graph, 1, graph.outputs().size() - 1))
                        .toString());
    }
}

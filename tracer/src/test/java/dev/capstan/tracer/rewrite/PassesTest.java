// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.op.Clone;
import dev.capstan.runtime.op.Neg;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.graph.Graph.Apply;
import java.util.List;
import org.junit.jupiter.api.Test;

class PassesTest {
    @Test
    void aPassCanBeSwitchedOffByName() {
        Written w = new Written();
        Graph graph = w.ops.build(List.of(Neg.neg(w.ops, Clone.clone(w.ops, w.input(2)))));
        assertFalse(Passes.EXACT.backward(graph).toString().contains("clone"));
        System.setProperty("capstan.passes.off", "mosaics, identities");
        try {
            assertTrue(Passes.EXACT.backward(graph).toString().contains("clone"));
        } finally {
            System.clearProperty("capstan.passes.off");
        }
    }

    @Test
    void rewritingAgainChangesNothing() {
        Written w = new Written();
        Graph graph = w.ops.build(List.of(Neg.neg(w.ops, Clone.clone(w.ops, w.input(2)))));
        Graph once = Passes.EXACT.backward(graph);
        assertEquals(once, Passes.EXACT.backward(once));
    }

    @Test
    void whatRoundsOtherwiseIsNotAmongTheExactPasses() {
        assertEquals(List.of(), Passes.EXACT.inexact());
        assertEquals(List.of("merged-products"), Passes.INEXACT.inexact());
    }

    @Test
    void aWrongTypeIsFound() {
        Written w = new Written();
        int x = w.input(2);
        Graph graph = w.ops.build(List.of(x));
        TensorType wrong = new TensorType(DType.FLOAT64, Shape.of(2));
        Graph broken =
                new Graph(List.of(graph.definitions().get(0), new Apply(new Neg(), List.of(0), wrong)), List.of(1));
        assertThrows(IllegalStateException.class, () -> GraphVerifier.verify(broken));
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.capstan.Tensor;
import dev.capstan.nn.Linear;
import dev.capstan.runtime.type.CapstanException;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The tape as text. */
class GraphTextTest {
    private static Tensor leaf(int... sizes) {
        return Tensor.ones(sizes).requiresGrad(true);
    }

    @Test
    void leavesHaveShapesAndNames() {
        Linear layer = new Linear(5, 3);
        Tensor loss = layer.apply(Tensor.ones(2, 5)).tanh().sum();
        assertEquals("""
                SumBackward
                  TanhBackward
                    AddmmBackward
                      AccumulateGrad of bias [3]
                      TBackward
                        AccumulateGrad of weight [3,5]
                """, GraphText.of(loss).withNames(layer.namedParameters()).tree());
        assertEquals(
                "  AccumulateGrad [2,2]",
                GraphText.of(leaf(2, 2).exp()).tree().lines().toList().get(1));
    }

    @Test
    void whatSeveralNodesUseIsShownOnce() {
        Tensor x = leaf(2);
        Tensor shared = x.exp();
        Tensor y = shared.mul(shared.sin()).add(x);
        assertEquals("""
                AddBackward
                  MulBackward
                    ExpBackward #1
                      AccumulateGrad of x [2]
                    SinBackward
                      ExpBackward #1 (above)
                  AccumulateGrad of x [2]
                """, GraphText.of(y).withNames(Map.of("x", x)).tree());
    }

    @Test
    void graphvizGetsEveryNodeAndEdgeOnce() {
        Tensor x = leaf(2);
        Tensor shared = x.exp();
        assertEquals(
                """
                digraph tape {
                  rankdir=BT;
                  node [fontname="monospace"];
                  n0 [shape=ellipse, label="MulBackward"];
                  n1 [shape=ellipse, label="ExpBackward"];
                  n2 [shape=box, label="AccumulateGrad of \\"x\\" [2]"];
                  n3 [shape=ellipse, label="SinBackward"];
                  n0 -> n1;
                  n0 -> n3;
                  n1 -> n2;
                  n3 -> n1;
                }
                """,
                GraphText.of(shared.mul(shared.sin()))
                        .withNames(Map.of("\"x\"", x))
                        .dot());
    }

    @Test
    void largeGraphsAreNoTrouble() {
        Tensor y = leaf(1);
        for (int i = 0; i < 30; i++) {
            y = y.add(y);
        }
        assertEquals(61, GraphText.of(y).tree().lines().count());
        Tensor chain = leaf(1);
        for (int i = 0; i < 20_000; i++) {
            chain = chain.neg();
        }
        assertEquals(3 + 20_001 + 20_000 + 1, GraphText.of(chain).dot().lines().count());
    }

    @Test
    void aTensorOffTheTapeHasNoGraph() {
        assertEquals(
                "the tensor has no gradFn",
                assertThrows(CapstanException.class, () -> GraphText.of(leaf(1)))
                        .rule());
    }
}

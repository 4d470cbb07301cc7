// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.autograd.Context;
import dev.capstan.autograd.Function;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the tape keeps, and for how long. */
class TapeMemoryTest {
    private static final class Square extends Function {
        @Override
        protected List<Tensor> forward(Context context, Tensor... inputs) {
            context.saveForBackward(inputs);
            return List.of(inputs[0].mul(inputs[0]));
        }

        @Override
        protected List<Tensor> backward(Context context, Tensor... gradients) {
            return List.of(context.savedTensors().get(0).mul(2).mul(gradients[0]));
        }
    }

    /** A result, and what lies behind it: tensors that were saved, and nodes. */
    private static Tensor graph(Tensor leaf, List<WeakReference<?>> saved, List<WeakReference<?>> nodes) {
        Tensor h = leaf;
        for (int i = 0; i < 3; i++) {
            h = h.mul(2).tanh();
            saved.add(new WeakReference<>(h));
            saved.add(new WeakReference<>(h.values().storage()));
            nodes.add(new WeakReference<>(h.gradFn()));
            h = h.mul(h.mul(h));
            saved.add(new WeakReference<>(h));
            h = new Square().apply(h);
            nodes.add(new WeakReference<>(h.gradFn()));
        }
        return h.sum();
    }

    private static void assertCollected(List<WeakReference<?>> references) {
        long deadline = System.nanoTime() + 20_000_000_000L;
        for (WeakReference<?> reference : references) {
            while (reference.get() != null) {
                assertTrue(System.nanoTime() < deadline, () -> "still there: " + reference.get());
                System.gc();
            }
        }
    }

    @Test
    void savedTensorsAreGoneAfterBackwardAndNodesWithTheResult() {
        Tensor leaf = Tensor.ones(100).requiresGrad(true);
        List<WeakReference<?>> saved = new ArrayList<>();
        List<WeakReference<?>> nodes = new ArrayList<>();
        Tensor y = graph(leaf, saved, nodes);
        System.gc();
        assertTrue(saved.stream().allMatch(reference -> reference.get() != null));
        y.backward();
        assertCollected(saved);
        assertTrue(nodes.stream().allMatch(reference -> reference.get() != null));
        assertNotNull(y.gradFn());
        y = null;
        assertNull(y);
        assertCollected(nodes);
        assertNotNull(leaf.grad());
    }

    @Test
    void aRetainedGraphGoesWithItsResult() {
        Tensor leaf = Tensor.ones(100).requiresGrad(true);
        List<WeakReference<?>> all = new ArrayList<>();
        Tensor y = graph(leaf, all, all);
        y.backward(null, true);
        System.gc();
        assertTrue(all.stream().allMatch(reference -> reference.get() != null));
        y.backward();
        y = null;
        assertNull(y);
        assertCollected(all);
    }

    @Test
    void aResultThatKeepsItsGradientIsNotKeptByTheTape() {
        Tensor leaf = Tensor.ones(100).requiresGrad(true);
        Tensor first = leaf.add(1);
        first.retainGrad();
        Tensor y = first.add(1).sum();
        List<WeakReference<?>> all = List.of(new WeakReference<>(first));
        first = null;
        assertNull(first);
        assertCollected(all);
        y.backward();
        assertNotNull(leaf.grad());
    }
}

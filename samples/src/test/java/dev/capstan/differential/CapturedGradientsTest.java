// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Autograd;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Backward passes through regions: the gradients of eager mode, its refusals and its order. */
@Tag("everywhere")
class CapturedGradientsTest extends BothModes {
    @Test
    void backwardInsideOfTheRegion() {
        assertSame(() -> {
            Tensor w = leaf(1, 3, 3);
            Tensor y = region.call(() -> {
                Tensor loss = normal(2, 2, 3).mm(w).tanh().sum();
                loss.backward();
                return loss.add(w.grad().sum());
            });
            return List.of(y, w.grad());
        });
    }

    @Test
    void outputsThatReceiveNoGradient() {
        Tensor a = leaf(1, 3);
        Tensor b = leaf(2, 3);
        for (int used = 0; used < 3; used++) {
            int which = used;
            assertSame(() -> {
                a.setGrad(null);
                b.setGrad(null);
                List<Tensor> y = region.call(() -> List.of(a.exp(), a.mul(b), b.tanh()));
                y.get(which).sum().backward();
                assertEquals(which < 2, a.grad() != null);
                assertEquals(which > 0, b.grad() != null);
                List<Tensor> seen = new ArrayList<>(y);
                seen.add(a.grad() == null ? b.grad() : a.grad());
                return seen;
            });
        }
    }

    @Test
    void aParameterThatIsUsedInsideAndOutside() {
        assertSame(() -> {
            Tensor w = leaf(1, 3, 3);
            Tensor before = w.mul(3).sum();
            Tensor y = region.call(() -> w.mm(w).tanh().mm(w).sum());
            Tensor after = w.exp().sum();
            before.add(y).add(after).backward();
            return List.of(y, w.grad());
        });
    }

    @Test
    void anInputWithATapeOfItsOwn() {
        assertSame(() -> {
            Tensor w = leaf(1, 3, 3);
            Tensor h = w.mul(w);
            Tensor y = region.call(() -> h.mm(w).tanh().sum());
            y.add(h.sum()).backward();
            return List.of(y, w.grad());
        });
    }

    @Test
    void gradientsAccumulateOverCalls() {
        assertSame(() -> {
            Tensor w = leaf(1, 3);
            for (int i = 1; i <= 3; i++) {
                float factor = i;
                region.call(() -> w.mul(factor).tanh().sum()).backward();
            }
            return List.of(w.grad());
        });
    }

    @Test
    void aRetainedGraphIsWalkedTwiceAndAReleasedOneIsNot() {
        for (Stance stance : List.of(Stance.EAGER, Stance.COMPILE_NOW)) {
            Tensor w = leaf(1, 3);
            Tensor y = under(stance, () -> region.call(() -> w.tanh().mul(w).sum()));
            y.backward(null, true);
            Tensor once = w.grad().copy();
            y.backward();
            Tensors.assertSameBits("twice", once.add(once), w.grad());
            assertThrows(CapstanException.class, y::backward);
        }
        assertTrue(hits() > 0);
    }

    @Test
    void aSavedTensorThatWasChangedIsRefused() {
        for (Stance stance : List.of(Stance.EAGER, Stance.COMPILE_NOW)) {
            Tensor w = leaf(1, 3);
            Tensor x = normal(2, 3);
            Tensor y = under(stance, () -> region.call(() -> w.mul(x).sum()));
            x.add_(1);
            CapstanException refused = assertThrows(CapstanException.class, y::backward);
            assertTrue(refused.getMessage().contains("modified in place"), refused.getMessage());
        }
    }

    @Test
    void aSavedOutputThatWasChangedIsRefused() {
        for (Stance stance : List.of(Stance.EAGER, Stance.COMPILE_NOW)) {
            Tensor w = leaf(1, 3);
            Tensor y = under(stance, () -> region.call(() -> w.mul(2).tanh()));
            Tensor loss = y.sum();
            y.detach().zero_();
            assertThrows(CapstanException.class, loss::backward);
        }
    }

    @Test
    void anInputThatIsNotSavedMayChange() {
        assertSame(() -> {
            Tensor w = leaf(1, 3);
            Tensor x = normal(2, 3);
            Tensor y = region.call(() -> w.tanh().add(x).sum());
            x.add_(1);
            y.backward();
            return List.of(y, w.grad());
        });
    }

    @Test
    void secondDerivativesThroughTheRegion() {
        Tensor w = leaf(1, 4);
        assertSame(() -> {
            Tensor y = region.call(() -> w.tanh().mul(w).sum());
            Tensor first = Autograd.grad(y, List.of(w), null, false, true).get(0);
            Tensor second = Autograd.grad(first.mul(first).sum(), List.of(w)).get(0);
            return List.of(first, second);
        });
    }

    @Test
    void gradientsOfSomeInputsOnly() {
        Tensor a = leaf(1, 3);
        Tensor b = leaf(2, 3);
        assertSame(() -> {
            Tensor y = region.call(() -> a.mul(b).exp().sum());
            Tensor gradient = Autograd.grad(y, List.of(b)).get(0);
            assertNull(a.grad());
            assertNull(b.grad());
            return List.of(gradient);
        });
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Compiled;
import dev.capstan.Generator;
import dev.capstan.GradMode;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.runtime.spi.PathReport;
import dev.capstan.runtime.spi.Tier;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Writes in place inside of a compiled region, and after it to what it gave: as in eager mode, to the last bit. */
@Tag("everywhere")
class WritesInRegionsTest {
    private final Compiled region = Compiled.region("Writes", 1);

    private static Tensor normal(long seed, int... sizes) {
        return new Generator(seed).normal(sizes);
    }

    private static Tensor leaf(long seed, int... sizes) {
        return normal(seed, sizes).requiresGrad(true);
    }

    private static List<Tensor> under(Stance stance, Supplier<List<Tensor>> body) {
        try (Stance.Scope scope = stance.enter()) {
            return body.get();
        }
    }

    /** The body's tensors, then the gradient of the sum of their squares for the first one, which is a leaf. */
    private static List<Tensor> withGradient(List<Tensor> made) {
        Tensor loss = Tensor.scalar(0f);
        for (Tensor tensor : made) {
            loss = loss.add(tensor.copy().square().sum());
        }
        loss.backward();
        List<Tensor> all = new ArrayList<>(made);
        all.add(made.get(0).grad());
        return all;
    }

    private void assertSame(Supplier<List<Tensor>> body) {
        for (int i = 0; i < 3; i++) {
            Tensors.assertSameBits(
                    under(Stance.EAGER, () -> withGradient(body.get())),
                    under(Stance.COMPILE_NOW, () -> withGradient(body.get())));
        }
        assertTrue(region.report().stream().mapToLong(PathReport::hits).sum() > 0, "no generated program ran");
    }

    @Test
    void toAViewOfAQueuedValue() {
        assertSame(() -> {
            Tensor x = leaf(1, 3, 4);
            Tensor y = region.call(() -> {
                Tensor h = x.mul(2);
                h.select(0, 1).mul_(x.select(0, 0));
                return h.add(x);
            });
            return List.of(x, y);
        });
    }

    /** A number promotes as a tensor once it was written to one: tanh of it is computed in the tensor's type. */
    @Test
    void ofANumberToAScalar() {
        assertSame(() -> {
            Tensor x = new Generator(1).normal(DType.FLOAT64, 3).requiresGrad(true);
            Tensor y = region.call(() -> {
                Tensor h = x.detach().sum();
                h.tanh_();
                h.fill_(0.1);
                h.tanh_();
                return x.mul(h.mul(0.3));
            });
            return List.of(x, y);
        });
    }

    @Test
    void toAQueuedValueOfWhichViewsAreQueued() {
        assertSame(() -> {
            Tensor x = leaf(1, 3, 4);
            List<Tensor> y = region.call(() -> {
                Tensor h = x.mul(2);
                Tensor before = h.select(1, 2).add(1);
                Tensor row = h.select(0, 1);
                Tensor corner = h.t().narrow(0, 1, 2).unsqueeze(0);
                h.exp_();
                return List.of(before, row.mul(3), corner.add(row.sum()));
            });
            return List.of(x, y.get(0), y.get(1), y.get(2));
        });
    }

    @Test
    void toAnInputAndToViewsOfIt() {
        assertSame(() -> {
            Tensor x = leaf(1, 3, 4);
            Tensor state = x.tanh().copy();
            Tensor outside = state.t();
            Tensor y = region.call(() -> {
                Tensor row = state.select(0, 2);
                Tensor before = row.mul(2);
                state.select(1, 0).mul_(3);
                state.add_(1);
                row.sub_(before);
                return outside.mul(2).add(row.sum());
            });
            return List.of(x, state, outside.add(0), y);
        });
    }

    @Test
    void toALeafWithoutRecording() {
        assertSame(() -> {
            Tensor x = leaf(1, 3, 4);
            Tensor y = region.call(() -> {
                Tensor before = x.mul(2);
                try (GradMode.Scope off = GradMode.noGrad()) {
                    x.select(0, 1).zero_();
                }
                return before.add(x.sum());
            });
            return List.of(x, y);
        });
    }

    @Test
    void stepByStepIntoATensorOfResults() {
        assertSame(() -> {
            Tensor x = leaf(1, 4, 4);
            Tensor y = region.call(() -> {
                Tensor out = Tensor.zeros(5, 2, 4);
                Tensor h = normal(2, 2, 4);
                for (int t = 0; t < 5; t++) {
                    h = h.mm(x).tanh();
                    out.set(t, h);
                }
                return out.mul(2);
            });
            return List.of(x, y);
        });
    }

    @Test
    void afterTheRegionToAViewThatItReturned() {
        Tensor[] kept = new Tensor[2];
        assertSame(() -> {
            Tensor x = leaf(1, 3, 4);
            Tensor view = region.call(() -> {
                Tensor h = x.mul(2);
                kept[0] = h;
                kept[1] = h.t().select(0, 1);
                return h.select(0, 1);
            });
            view.mul_(3);
            return List.of(x, view, kept[1].add(1), kept[0].add(1));
        });
    }

    @Test
    void afterTheRegionToTheBaseOfAViewThatItReturned() {
        assertSame(() -> {
            Tensor x = leaf(1, 3, 4);
            List<Tensor> made = region.call(() -> {
                Tensor h = x.mul(2);
                return List.of(h.select(0, 1), h);
            });
            made.get(1).mul_(3);
            return List.of(x, made.get(0).add(1), made.get(1));
        });
    }

    @Test
    void afterTheRegionToADetachedResult() {
        Tensor[] kept = new Tensor[1];
        assertSame(() -> {
            Tensor x = leaf(1, 3, 4);
            Tensor cut = region.call(() -> {
                kept[0] = x.mul(2);
                return kept[0].detach().select(0, 1);
            });
            cut.mul_(3);
            return List.of(x, cut.add(1), kept[0].add(1));
        });
    }

    @Test
    void afterTheRegionToWhatTheGradientNeedsIsRefused() {
        for (Stance stance : List.of(Stance.EAGER, Stance.COMPILE_NOW)) {
            Tensor x = leaf(1, 3);
            List<Tensor> made = under(
                    stance,
                    () -> region.call(() -> {
                        Tensor h = x.tanh();
                        return List.of(h.mul(h), h.narrow(0, 1, 1));
                    }));
            made.get(1).mul_(2);
            CapstanException refused =
                    assertThrows(CapstanException.class, () -> made.get(0).sum().backward());
            assertEquals("a tensor needed for the gradient was modified in place", refused.rule());
        }
    }

    /** An operator in place keeps a copy of its target; what is computed by another name, and then written there, does not. */
    @Test
    void ofWhatWasMadeOfAnotherViewOfThePlaceIsRefusedWhereTheGradientNeedsIt() {
        List<BiConsumer<Tensor, Tensor>> writes = List.of(
                (whole, view) -> whole.copy_(view.mul(view)),
                (whole, view) -> whole.copy_(view.detach().mul(view)),
                (whole, view) -> view.mul_(whole),
                (whole, view) -> view.copy_(whole.mul(view)));
        for (int i = 0; i < writes.size(); i++) {
            BiConsumer<Tensor, Tensor> write = writes.get(i);
            Compiled refusing = Compiled.region("Refusing" + i, 1);
            for (Stance stance : List.of(Stance.EAGER, Stance.COMPILED, Stance.COMPILE_NOW, Stance.COMPILE_NOW)) {
                Tensor x = leaf(1, 3);
                Tensor y = under(stance, () -> {
                            Tensor made = refusing.call(() -> {
                                Tensor h = x.neg();
                                write.accept(h, h.narrow(0, 0, 3));
                                return h.mul(2);
                            });
                            return List.of(made);
                        })
                        .get(0);
                CapstanException refused =
                        assertThrows(CapstanException.class, () -> y.sum().backward(), "write " + i + ", " + stance);
                assertEquals("a tensor needed for the gradient was modified in place", refused.rule());
            }
        }
    }

    /** Where strides cannot express a view there is a copy, which does not lie in what it was made of. */
    @Test
    void toAReshapedCopyThatIsReadLater() {
        assertSame(() -> {
            Tensor x = leaf(1, 5, 5);
            Tensor y = region.call(() -> {
                Tensor copied = x.mul(2).t().reshape(-1);
                copied.mul_(0.5);
                copied.copy_(copied);
                assertTrue(Double.isFinite(x.sum().item()));
                return copied;
            });
            return List.of(x, y);
        });
    }

    @Test
    void toALeafIsRefusedAndTheRegionGoesOn() {
        assertSame(() -> {
            Tensor x = leaf(1, 3, 4);
            Tensor y = region.call(() -> {
                Tensor before = x.mul(2);
                assertThrows(CapstanException.class, () -> x.select(0, 1).mul_(2));
                assertThrows(CapstanException.class, () -> before.add_(Tensor.ones(7, 7, 7)));
                return before.exp();
            });
            return List.of(x, y);
        });
    }

    @Test
    void ofANumberToAllElementsLeavesAGradientOfZero() {
        for (Tier tier : Tier.values()) {
            try (var chosen = Compiled.inTier(tier)) {
                assertSame(() -> {
                    Tensor x = leaf(1, 3, 4);
                    Tensor row = leaf(2, 4);
                    // what x and row gave is gone: the gradient of row is a sum of zeros
                    Tensor y =
                            region.call(() -> x.mul(row).add_(row).fill_(0.25).mul(x));
                    return List.of(row, y);
                });
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Autograd;
import dev.capstan.GradMode;
import dev.capstan.GradOptions;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What looks at the tape around and inside of a compiled region sees what it would have seen in eager mode. */
@Tag("everywhere")
class HookedRegionsTest extends BothModes {
    @Test
    void aLeafsHook() {
        assertSame(() -> {
            Tensor w = leaf(1, 3, 3);
            List<Tensor> seen = new ArrayList<>();
            w.registerHook(gradient -> {
                seen.add(gradient);
                return gradient.mul(0.5);
            });
            Tensor before = w.exp().sum();
            Tensor y = region.call(() -> normal(2, 2, 3).mm(w).tanh().mm(w).sum());
            y.add(before).backward();
            seen.add(w.grad());
            assertEquals(2, seen.size());
            return seen;
        });
    }

    @Test
    void aLeafAccumulatesApartFromOthers() {
        assertSame(() -> {
            Tensor a = leaf(1, 3);
            Tensor b = leaf(2, 3);
            for (int i = 0; i < 2; i++) {
                Tensor sum = a.add(b);
                region.call(() -> sum.mul(sum).sum()).backward();
            }
            return List.of(a.grad(), b.grad());
        });
    }

    @Test
    void whatALeafsHookHasSeenStaysAsItWas() {
        assertSame(() -> {
            Tensor w = leaf(1, 3);
            List<Tensor> seen = new ArrayList<>();
            w.registerHook(gradient -> {
                seen.add(gradient);
                return null;
            });
            for (int i = 0; i < 2; i++) {
                region.call(() -> w.mul(w).sum()).backward();
            }
            seen.add(w.grad());
            return seen;
        });
    }

    @Test
    void hooksOfLeavesThatGradIsNotAskedForAreSilent() {
        assertSame(() -> {
            Tensor a = leaf(1, 3);
            Tensor b = leaf(2, 3);
            List<Tensor> seen = new ArrayList<>();
            b.registerHook(gradient -> {
                seen.add(gradient);
                return null;
            });
            Tensor y = region.call(() -> a.mul(b).sum());
            seen.addAll(Autograd.grad(y, List.of(a)));
            assertEquals(1, seen.size());
            return seen;
        });
    }

    @Test
    void aGivenGradientIsNotTheLeafs() {
        assertSame(() -> {
            Tensor w = leaf(1, 3);
            Tensor given =
                    Autograd.grad(region.call(() -> w.mul(w).sum()), List.of(w)).get(0);
            w.backward(given);
            w.backward(given);
            return List.of(given, w.grad());
        });
    }

    @Test
    void aHookOnAResult() {
        assertSame(() -> {
            Tensor w = leaf(1, 3);
            List<Tensor> seen = new ArrayList<>();
            Tensor y = region.call(() -> w.tanh().mul(w));
            y.registerHook(gradient -> {
                seen.add(gradient);
                return gradient.mul(3);
            });
            y.exp().add(y.sin()).sum().backward();
            seen.add(w.grad());
            assertEquals(2, seen.size());
            return seen;
        });
    }

    @Test
    void aHookOnAResultThatTheInsideUsesToo() {
        assertSame(() -> {
            Tensor w = leaf(1, 3);
            List<Tensor> seen = new ArrayList<>();
            List<Tensor> y = region.call(() -> {
                Tensor h = w.tanh();
                return List.of(h, h.mul(w).exp());
            });
            Tensor early = y.get(0).sin().add(y.get(0).cos());
            y.get(0).registerHook(gradient -> {
                seen.add(gradient);
                return gradient.mul(3);
            });
            Tensor late = y.get(0).exp();
            early.add(y.get(1)).add(late).sum().backward();
            seen.add(w.grad());
            assertEquals(2, seen.size());
            return seen;
        });
    }

    @Test
    void aHookRegisteredAfterAPassHasNotSeenIt() {
        Callable<List<Tensor>> step = () -> {
            Tensor w = leaf(1, 3);
            List<Tensor> seen = new ArrayList<>();
            region.call(() -> {
                Tensor loss = w.mul(w).sum();
                loss.backward();
                w.registerHook(gradient -> {
                    seen.add(gradient);
                    return gradient.mul(3);
                });
                return loss;
            });
            assertEquals(0, seen.size());
            return List.of(w.grad());
        };
        // the first call makes the pass over the tape
        Tensors.assertSameBits(eager(step), under(Stance.COMPILED, step));
        assertSame(step);
    }

    @Test
    void aHookRegisteredInMidRegion() {
        assertSame(() -> {
            Tensor w = leaf(1, 3);
            List<Tensor> seen = new ArrayList<>();
            Tensor y = region.call(() -> {
                Tensor h = w.tanh();
                Tensor used = h.mul(2);
                h.registerHook(gradient -> {
                    seen.add(gradient);
                    return gradient.add(1);
                });
                return h.mul(used).mul(w).sum();
            });
            y.backward();
            seen.add(y);
            seen.add(w.grad());
            assertEquals(3, seen.size());
            return seen;
        });
    }

    @Test
    void anIntermediateValueKeepsItsGradient() {
        assertSame(() -> {
            Tensor w = leaf(1, 3);
            Tensor[] kept = new Tensor[1];
            Tensor y = region.call(() -> {
                Tensor h = w.tanh();
                kept[0] = h.mul(w);
                kept[0].retainGrad();
                return kept[0].mul(h).sum();
            });
            y.backward();
            return List.of(y, kept[0].grad(), w.grad());
        });
    }

    @Test
    void aValueThatEscapedKeepsItsGradient() {
        assertSame(() -> {
            Tensor w = leaf(1, 3);
            Tensor[] kept = new Tensor[1];
            Tensor y = region.call(() -> {
                kept[0] = w.tanh();
                return kept[0].mul(w).sum();
            });
            kept[0].retainGrad();
            y.backward();
            return List.of(y, kept[0].grad(), w.grad());
        });
    }

    @Test
    void gradientsWithRespectToAResultThatTheInsideUses() {
        assertSame(() -> {
            Tensor w = leaf(1, 3);
            List<Tensor> y = region.call(() -> {
                Tensor h = w.tanh();
                return List.of(h, h.mul(w).sum());
            });
            return Autograd.grad(y.get(1).add(y.get(0).exp().sum()), List.of(y.get(0), w));
        });
    }

    @Test
    void gradientsOfSeveralResults() {
        assertSame(() -> {
            Tensor w = leaf(1, 3);
            Tensor unused = leaf(2, 3);
            List<Tensor> y = region.call(() -> List.of(w.tanh().sum(), w.mul(w).sum(), unused.exp()));
            List<Tensor> gradients = Autograd.grad(
                    y.subList(0, 2),
                    List.of(w, unused),
                    null,
                    GradOptions.standard().withAllowUnused(true).withRetainGraph(true));
            assertEquals(null, gradients.get(1));
            Autograd.backward(List.of(y.get(0), y.get(1)));
            return List.of(gradients.get(0), w.grad());
        });
    }

    @Test
    void hooksOfARegionsNode() {
        assertSame(() -> {
            Tensor w = leaf(1, 3);
            Tensor x = leaf(2, 3);
            List<Tensor> seen = new ArrayList<>();
            Tensor y = region.call(() -> w.mul(x));
            y.gradFn().registerPrehook(gradOutputs -> List.of(gradOutputs.get(0).mul(2)));
            y.gradFn().registerHook((gradInputs, gradOutputs) -> {
                seen.addAll(gradInputs);
                return List.of(gradInputs.get(0).mul(3), gradInputs.get(1));
            });
            y.exp().add(w).sum().backward();
            seen.addAll(List.of(w.grad(), x.grad()));
            assertEquals(4, seen.size());
            return seen;
        });
    }

    @Test
    void aHookMayReadAValueThatEscaped() {
        assertSame(() -> {
            Tensor w = leaf(1, 3);
            Tensor[] escaped = new Tensor[1];
            Tensor y = region.call(() -> {
                Tensor h = w.tanh();
                // a new value at every call, so that no program ever has it as an output
                escaped[0] = h;
                for (int i = 0; i < 1 + compilations() % 3; i++) {
                    escaped[0] = escaped[0].mul(2);
                }
                return h.mul(w);
            });
            Tensor[] seen = new Tensor[1];
            Tensor z = y.exp();
            z.registerHook(gradient -> {
                seen[0] = escaped[0].sum();
                return null;
            });
            z.sum().backward();
            assertTrue(seen[0] != null);
            return List.of(y, w.grad());
        });
    }

    @Test
    void aHookMayMakeSecondDerivatives() {
        assertSame(() -> {
            Tensor w = leaf(1, 3);
            Tensor y = region.call(() -> w.tanh().mul(w));
            y.registerHook(gradient -> gradient.mul(w));
            Tensor first =
                    Autograd.grad(y.exp().sum(), List.of(w), null, false, true).get(0);
            return List.of(
                    first, Autograd.grad(first.mul(first).sum(), List.of(w)).get(0));
        });
    }

    @Test
    void anomaliesAreFoundInTheLinesOfTheRegion() {
        Tensor x = Tensor.zeros(2).requiresGrad(true);
        Callable<String> call = () -> {
            try (GradMode.Scope scope = Autograd.detectAnomaly()) {
                Tensor y = region.call(() -> x.sqrt().mul(0).sum());
                return assertThrows(CapstanException.class, y::backward).operands();
            }
        };
        String found = eager(call);
        assertEquals(found, compiled(call));
        assertTrue(
                found.startsWith("of operand 0 of SqrtBackward, recorded at HookedRegionsTest.")
                        && found.contains("(HookedRegionsTest.java:"),
                found);
        assertEquals(0, region.report().size());
    }

    @Test
    void anomaliesAreFoundInsideOfARegion() {
        Tensor x = Tensor.zeros(2).requiresGrad(true);
        Callable<String> call = () -> {
            String[] found = new String[1];
            region.call(() -> {
                Tensor before = x.exp();
                try (GradMode.Scope scope = Autograd.detectAnomaly()) {
                    Tensor y = x.sqrt().mul(0).sum();
                    found[0] = assertThrows(CapstanException.class, y::backward).operands();
                }
                return before.mul(2);
            });
            return found[0];
        };
        String found = eager(call);
        assertTrue(found.contains("SqrtBackward, recorded at HookedRegionsTest."), found);
        assertEquals(found, compiled(call));
    }

    @Test
    void anomaliesMayBeLookedForInsideOfARegion() {
        assertSame(() -> {
            Tensor w = leaf(1, 3);
            Tensor y = region.call(() -> {
                Tensor before = w.mul(1e6);
                Tensor inside;
                try (GradMode.Scope scope = Autograd.detectAnomaly()) {
                    inside = w.mul(normal(2, 3)).mul(w);
                }
                return before.add(inside).add(w.mul(normal(3, 3)).mul(w)).sum();
            });
            y.add(w.exp().sum()).backward();
            return List.of(y, w.grad());
        });
    }

    @Test
    void inferenceTensors() {
        Tensor w = leaf(1, 3);
        assertSame(() -> {
            Tensor y;
            try (GradMode.Scope scope = GradMode.inferenceMode()) {
                y = region.call(() -> w.exp().mul(2));
            }
            assertTrue(y.isInference());
            assertThrows(CapstanException.class, () -> y.add_(1));
            Tensor z = region.call(() -> {
                assertThrows(CapstanException.class, () -> w.mul(y));
                assertThrows(CapstanException.class, () -> w.mul(y.detach()));
                Tensor inside;
                try (GradMode.Scope scope = GradMode.inferenceMode()) {
                    inside = w.exp();
                }
                assertTrue(inside.isInference());
                assertThrows(CapstanException.class, () -> w.mul(inside));
                Tensor mask;
                try (GradMode.Scope scope = GradMode.inferenceMode()) {
                    mask = y.gt(3);
                }
                return w.add(y).add(inside).add(normal(4, 3).where(mask, normal(5, 3)));
            });
            assertTrue(!z.isInference());
            return List.of(y, z, Autograd.grad(z.sum(), List.of(w)).get(0));
        });
    }

    @Test
    void savedTensorsAreGoneAfterBackwardThroughARegion() {
        Tensor w = leaf(1, 3);
        List<WeakReference<?>> all = new ArrayList<>();
        Tensor y = compiled(() -> {
            Tensor x = w.mul(2);
            Tensor result = region.call(() -> x.tanh().mul(x).sum());
            all.add(new WeakReference<>(x));
            all.add(new WeakReference<>(x.values().storage()));
            result.backward();
            return result;
        });
        assertTrue(hits() > 0);
        long deadline = System.nanoTime() + 20_000_000_000L;
        for (WeakReference<?> reference : all) {
            while (reference.get() != null) {
                assertTrue(System.nanoTime() < deadline, "still there");
                System.gc();
            }
        }
        assertTrue(y.requiresGrad());
        assertThrows(CapstanException.class, y::backward);
    }

    @Test
    void hooksWhereTheWholeStepIsARegion() {
        assertSame(() -> {
            Tensor w = leaf(1, 3);
            Tensor v = leaf(2, 3);
            List<Tensor> seen = new ArrayList<>();
            List<Tensor> accumulated = new ArrayList<>(); // leaves have no order among each other
            w.registerHook(gradient -> {
                seen.add(gradient);
                return gradient.mul(2);
            });
            v.registerPostAccumulateGradHook(leaf -> accumulated.add(leaf.grad().mul(3)));
            for (int i = 0; i < 2; i++) {
                region.call(() -> {
                    Tensor h = w.tanh().mul(v);
                    h.retainGrad();
                    Tensor loss = h.mul(h).sum();
                    loss.backward();
                    seen.add(h.grad());
                    try (GradMode.Scope off = GradMode.noGrad()) {
                        w.sub_(w.grad().mul(0.1));
                    }
                    return loss;
                });
            }
            seen.addAll(accumulated);
            seen.addAll(List.of(w, w.grad(), v.grad()));
            assertEquals(9, seen.size());
            return seen;
        });
    }

    @Test
    void gradientsOfSeveralRootsInsideOfARegion() {
        assertSame(() -> {
            Tensor w = leaf(1, 3);
            Tensor y = region.call(() -> {
                Tensor h = w.tanh();
                Tensor first = h.mul(w).sum();
                Tensor second = h.exp().sum();
                List<Tensor> inner = Autograd.grad(
                        List.of(first, second),
                        List.of(h, w),
                        null,
                        GradOptions.standard().withCreateGraph(true));
                Autograd.backward(List.of(first, inner.get(0).mul(inner.get(1)).sum()));
                return inner.get(1).mul(w);
            });
            return List.of(y.detach(), w.grad());
        });
    }

    @Test
    void aLeafsHookChangesAStepThatIsARegion() {
        assertSame(() -> {
            Tensor w = leaf(1, 3);
            Tensor v = leaf(2, 3);
            w.registerHook(gradient -> gradient.mul(2));
            v.registerPostAccumulateGradHook(leaf -> leaf.grad().mul_(3));
            Tensor y = region.call(() -> {
                Tensor loss = w.tanh().mul(v).sum();
                loss.backward();
                return loss;
            });
            return List.of(y, w.grad(), v.grad());
        });
    }
}

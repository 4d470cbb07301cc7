// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Autograd;
import dev.capstan.Compiled;
import dev.capstan.F;
import dev.capstan.GradMode;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the Java around a region may do, one case a test: the compiled region gives what eager mode gives. */
@Tag("everywhere")
class CaptureTest extends BothModes {
    @Test
    void oneShapeMayHaveSeveralDepths() {
        Tensor w = leaf(1, 5, 5);
        Tensor x = normal(2, 4, 5);
        for (int depth : new int[] {0, 3, 1, 2, 0, 3, 2, 1, 1, 0}) {
            assertSame(() -> {
                w.setGrad(null);
                Tensor y = region.call(() -> {
                    Tensor h = x;
                    for (int i = 0; i < depth; i++) {
                        h = h.mm(w).clampMin(0);
                    }
                    return h.mul(w.sum());
                });
                y.sum().backward();
                return List.of(y, w.grad());
            });
        }
        assertEquals(4, region.report().size());
    }

    @Test
    void stateKeptInAFieldIsReadAfterTheRegion() {
        Tensor w = leaf(1, 3, 3);
        Tensor[] field = new Tensor[1];
        Callable<List<Tensor>> call = () -> {
            w.setGrad(null);
            Tensor y = region.call(() -> {
                field[0] = normal(2, 2, 3).mm(w).tanh();
                return field[0].mul(2).sum();
            });
            Tensor loss = y.add(field[0].mul(field[0]).sum());
            loss.backward();
            return List.of(y, field[0], w.grad());
        };
        assertSame(call);
        int settled = compilations();
        compiled(call);
        assertEquals(settled, compilations(), "the escaped value is an output from its second call on");
    }

    @Test
    void anEscapedValueWhoseInputsChangedIsAClearError() {
        Tensor x = normal(1, 3);
        Tensor[] field = new Tensor[1];
        compiled(() -> region.call(() -> {
            field[0] = x.exp();
            return field[0].sum();
        }));
        x.add_(1);
        CapstanException refused = assertThrows(CapstanException.class, () -> field[0].toFloatArray());
        assertTrue(refused.getMessage().contains("has changed"), refused.getMessage());
    }

    @Test
    void twoForwardsBeforeOneBackward() {
        Tensor w = leaf(1, 4, 4);
        assertSame(() -> {
            w.setGrad(null);
            Function<Tensor, Tensor> step =
                    x -> region.call(() -> x.mm(w).tanh().mm(w));
            Tensor first = step.apply(normal(2, 2, 4));
            Tensor second = step.apply(normal(3, 2, 4));
            first.mul(second).sum().backward();
            return List.of(first, second, w.grad());
        });
    }

    @Test
    void theStateOfOneCallIsTheInputOfTheNext() {
        Tensor w = leaf(1, 4, 4);
        assertSame(() -> {
            w.setGrad(null);
            Tensor state = normal(2, 1, 4);
            for (int i = 0; i < 4; i++) {
                Tensor before = state;
                state = region.call(() -> before.mm(w).tanh());
            }
            state.sum().backward();
            return List.of(state, w.grad());
        });
    }

    @Test
    void aViewTakenBeforeTheRegionSeesUpdates() {
        assertSame(() -> {
            Tensor w = leaf(1, 3, 3);
            Tensor view = w.detach().t();
            List<Tensor> seen = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Tensor y = region.call(() -> normal(2, 2, 3).mm(view).add(w.sum()));
                seen.add(y);
                try (GradMode.Scope off = GradMode.noGrad()) {
                    w.mul_(0.5);
                }
            }
            return seen;
        });
    }

    @Test
    void anExceptionCaughtInsideOfTheRegionChangesNothing() {
        Tensor w = leaf(1, 3, 3);
        assertSame(() -> {
            w.setGrad(null);
            Tensor y = region.call(() -> {
                Tensor h = w.tanh();
                try {
                    h = h.mm(normal(2, 4, 4));
                } catch (CapstanException e) {
                    h = h.mm(w);
                }
                return h.sum();
            });
            y.backward();
            return List.of(y, w.grad());
        });
    }

    @Test
    void whatWasQueuedBeforeAnExceptionRuns() {
        Tensor x = normal(1, 3);
        Tensor[] field = new Tensor[1];
        Callable<Tensor> call = () -> {
            assertThrows(
                    IllegalStateException.class,
                    () -> region.call(() -> {
                        field[0] = x.exp();
                        throw new IllegalStateException("the user's own");
                    }));
            return field[0];
        };
        Tensor expected = eager(call);
        Tensor actual = compiled(call);
        x.add_(1);
        Tensors.assertSameBits("field", expected, actual);
    }

    @Test
    void errorsAreTheSameFromTheSamePlace() {
        Callable<String> call = () -> {
            try {
                return region.call(() -> normal(1, 2, 3).mm(normal(2, 4, 5))).toString();
            } catch (CapstanException e) {
                return e.getMessage();
            }
        };
        String message = eager(call);
        assertEquals(message, compiled(call));
        assertTrue(message.startsWith("mm: inner dimensions differ: [2,3] x [4,5] (3 != 4) at CaptureTest."), message);
    }

    @Test
    void readingAValueInMidRegionRunsWhatIsQueued() {
        Tensor w = leaf(1, 4, 4);
        for (long seed = 0; seed < 6; seed++) {
            long data = seed;
            assertSame(() -> {
                w.setGrad(null);
                Tensor y = region.call(() -> {
                    Tensor h = normal(data, 2, 4).mm(w);
                    Tensor kept = h.tanh();
                    return h.sum().item() > 0 ? kept.mul(h) : kept.sub(h).mm(w);
                });
                y.sum().backward();
                return List.of(y, w.grad());
            });
        }
        List<String> places = new ArrayList<>();
        region.report().forEach(path -> places.addAll(path.bailOuts()));
        places.removeIf(place -> place.startsWith("made again"));
        assertEquals(1, places.size(), places.toString());
        assertTrue(places.get(0).contains("CaptureTest.java"), places.get(0));
        assertTrue(region.explain().contains("interrupted at"), region.explain());
        assertTrue(
                region.report().stream().allMatch(path -> path.hits() == path.visits()),
                "every segment has its own program: " + region.explain());
    }

    @Test
    void anUpdateInMidRegionIsSeenInOrder() {
        assertSame(() -> {
            Tensor w = normal(1, 3);
            Tensor y = region.call(() -> {
                Tensor before = w.mul(2);
                w.add_(1);
                return before.add(w);
            });
            return List.of(y, w);
        });
    }

    @Test
    void numbersThatChangeCompileNothing() {
        Tensor x = normal(1, 5);
        int settled = 0;
        for (int i = 0; i < 5; i++) {
            double factor = 0.1 * i;
            assertSame(() -> List.of(region.call(() -> x.mul(factor).add(i(factor)))));
            settled = i == 0 ? compilations() : settled;
        }
        assertEquals(1, region.report().size());
        assertTrue(settled > 0);
        assertEquals(settled, compilations());
    }

    private static int i(double factor) {
        return (int) (factor * 10);
    }

    @Test
    void theGradientModeMayChangeInside() {
        assertSame(() -> {
            Tensor w = leaf(1, 3);
            List<Tensor> y = region.call(() -> {
                Tensor constant;
                try (GradMode.Scope off = GradMode.noGrad()) {
                    constant = w.exp();
                }
                return List.of(constant, w.mul(constant).sum());
            });
            assertFalse(y.get(0).requiresGrad());
            y.get(1).backward();
            return List.of(y.get(0), y.get(1), w.grad());
        });
    }

    @Test
    void aResultThatIsAViewOfAnInputSharesItsStorage() {
        for (Stance stance : List.of(Stance.EAGER, Stance.COMPILE_NOW)) {
            Tensor x = normal(1, 2, 3);
            Tensor y = under(stance, () -> region.call(x::t));
            x.zero_();
            assertEquals(0, y.sum().item());
        }
    }

    @Test
    void resultsThatShareStorageDoSoCompiled() {
        for (Stance stance : List.of(Stance.EAGER, Stance.COMPILE_NOW)) {
            Tensor x = normal(1, 2, 3);
            List<Tensor> y = under(
                    stance,
                    () -> region.call(() -> {
                        Tensor base = x.exp();
                        return List.of(base, base.select(0, 1), x.exp());
                    }));
            y.get(0).zero_();
            assertEquals(0, y.get(1).sum().item());
            assertTrue(y.get(2).sum().item() > 0);
        }
    }

    @Test
    void anInputMayBeReturnedAsItIs() {
        Tensor x = normal(1, 3);
        List<Tensor> y = compiled(() -> region.call(() -> List.of(x, x.exp())));
        assertTrue(x == y.get(0));
    }

    @Test
    void theTapeBehindAQueuedTensorCanBeWalked() {
        Tensor w = leaf(1, 3);
        Callable<String> call = () -> {
            StringBuilder names = new StringBuilder();
            region.call(() -> {
                Tensor y = w.exp().tanh();
                names.append(y.gradFn())
                        .append(y.gradFn().nextFunctions().get(0).function());
                return y;
            });
            return names.toString();
        };
        assertEquals("TanhBackwardExpBackward", eager(call));
        assertNotNull(compiled(call));
    }

    @Test
    void aRegionInsideOfARegionIsPartOfIt() {
        Compiled inner = Compiled.region("Inner", 1);
        Tensor w = leaf(1, 3);
        assertSame(() -> {
            w.setGrad(null);
            Tensor y = region.call(() -> inner.call(() -> w.tanh()).mul(w).sum());
            y.backward();
            return List.of(y, w.grad());
        });
        assertEquals(0, inner.report().size());
    }

    @Test
    void severalThreadsUseOneRegion() throws Exception {
        Tensor w = leaf(1, 8, 8);
        Function<Integer, List<Tensor>> job = length -> {
            Tensor x = normal(length, 2, 8);
            Tensor y = region.call(() -> {
                Tensor h = x;
                for (int i = 0; i < length % 5; i++) {
                    h = h.mm(w).tanh();
                }
                return h.sum().add(w.sum());
            });
            return List.of(y, Autograd.grad(y, List.of(w)).get(0));
        };
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<List<Tensor>>> made = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                int length = i;
                made.add(threads.submit(() -> under(Stance.COMPILE_NOW, () -> job.apply(length))));
            }
            for (int i = 0; i < made.size(); i++) {
                int length = i;
                Tensors.assertSameBits(
                        eager(() -> job.apply(length)), made.get(i).get());
            }
        } finally {
            threads.shutdown();
        }
        assertEquals(5, region.report().size());
    }

    @Test
    void aHotPathIsCompiledInTheBackgroundAndANewOneRunsEagerly() throws InterruptedException {
        Compiled hot = Compiled.region("Hot", 3);
        Tensor x = normal(1, 4, 4);
        Function<Integer, Tensor> call = depth -> hot.call(() -> {
            Tensor h = x;
            for (int i = 0; i < depth; i++) {
                h = h.mm(x).tanh();
            }
            return h;
        });
        try (Stance.Scope scope = Stance.COMPILED.enter()) {
            long deadline = System.nanoTime() + 30_000_000_000L;
            while (hot.report().isEmpty() || hot.report().get(0).hits() == 0) {
                call.apply(2);
                assertTrue(System.nanoTime() < deadline, hot.explain());
                Thread.onSpinWait();
            }
            Tensors.assertSameBits("deeper", eager(() -> call.apply(5)), call.apply(5));
        }
        assertEquals("compiled", hot.report().get(0).state());
        assertTrue(hot.report().get(0).visits() - hot.report().get(0).hits() >= 2, "it was counted first");
        assertEquals("counting", hot.report().get(1).state());
        assertEquals(0, hot.report().get(1).hits());
    }

    @Test
    void aMissIsAnErrorIfTheStanceSaysSo() {
        Tensor x = normal(1, 3);
        CapstanException miss =
                assertThrows(CapstanException.class, () -> under(Stance.FAIL_ON_MISS, () -> region.call(x::exp)));
        assertTrue(miss.getMessage().contains("no program for this path"), miss.getMessage());
        compiled(() -> region.call(x::exp));
        Tensors.assertSameBits("hit", x.exp(), under(Stance.FAIL_ON_MISS, () -> region.call(x::exp)));
    }

    @Test
    void theNumberOfPathsIsBounded() {
        Compiled bounded = Compiled.region("Bounded", 1000);
        Tensor x = normal(1, 400);
        for (int i = 1; i <= 300; i++) {
            int length = i;
            Tensor part = x.narrow(0, 0, length);
            Tensor y =
                    under(Stance.COMPILED, () -> bounded.call(() -> part.exp().sum()));
            Tensors.assertSameBits("length " + length, part.exp().sum(), y);
        }
        assertTrue(bounded.report().size() <= 256, "paths: " + bounded.report().size());
    }

    @Test
    void lossesAndLinearLayers() {
        assertSame(() -> {
            Tensor weight = leaf(1, 3, 5);
            Tensor bias = leaf(2, 3);
            Tensor y = region.call(() ->
                    F.mseLoss(F.linear(normal(3, 4, 5), weight, bias).relu(), normal(4, 4, 3)));
            y.backward();
            return List.of(y, weight.grad(), bias.grad());
        });
    }
}

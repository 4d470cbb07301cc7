// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static dev.capstan.differential.TrainingCase.STEPS;
import static dev.capstan.differential.TrainingCase.bailsOut;
import static dev.capstan.differential.TrainingCase.compare;
import static dev.capstan.differential.TrainingCase.forget;
import static dev.capstan.differential.TrainingCase.leaf;
import static dev.capstan.differential.TrainingCase.normal;

import dev.capstan.Compiled;
import dev.capstan.GradMode;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Exchanger;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Other threads that read and write what a running region uses: they meet what they would meet in eager mode. */
@Tag("everywhere")
final class VisitsTest {
    private final ExecutorService others = Executors.newCachedThreadPool();

    @AfterEach
    void end() {
        others.shutdown();
    }

    private <T> T elsewhere(Callable<T> work) {
        return result(others.submit(work));
    }

    private static <T> T result(Future<T> future) {
        try {
            return future.get();
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aThreadForWhichTheRegionWaitsReadsItsValues() {
        bailsOut((step, trace) -> {
            Tensor w = leaf(1, 4);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 4);
                Tensor y = step.call(() -> {
                    Tensor h = w.mul(x).tanh();
                    double sum = elsewhere(() -> h.sum().item());
                    return h.mul(sum);
                });
                y.sum().backward();
                trace.tensor("y", y);
                trace.leaves(w);
            }
        });
    }

    @Test
    void aThreadForWhichTheRegionWaitsWritesToItsInput() {
        bailsOut((step, trace) -> {
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 4);
                Tensor y = step.call(() -> {
                    Tensor before = x.mul(2).add(1);
                    elsewhere(() -> x.mul_(3));
                    return before.sub(x);
                });
                trace.tensor("y", y);
                trace.leaves(x);
            }
        });
    }

    @Test
    void aThreadForWhichTheRegionWaitsReadsWhatItHasWrittenTo() {
        bailsOut((step, trace) -> {
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 4);
                Tensor y = step.call(() -> {
                    x.mul_(2);
                    double sum = elsewhere(() -> x.sum().item());
                    x.add_(sum);
                    return x.exp();
                });
                trace.tensor("y", y);
                trace.leaves(x);
            }
        });
    }

    @Test
    void aRegionThatGoesOnLetsAnotherThreadRead() {
        bailsOut((step, trace) -> {
            Tensor w = leaf(1, 4);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 4);
                Tensor y = step.call(() -> {
                    Tensor h = w.mul(x);
                    Future<Double> sum = others.submit(() -> h.exp().sum().item());
                    while (!sum.isDone()) {
                        h.mul(2);
                        work();
                    }
                    return h.mul(result(sum));
                });
                y.sum().backward();
                trace.tensor("y", y);
                trace.leaves(w);
            }
        });
    }

    /** Keeps a thread running, without a tensor: what a region queues meanwhile stays short however late another thread comes. */
    private static void work() {
        long start = System.nanoTime();
        while (System.nanoTime() - start < 200_000) {
            Thread.onSpinWait();
        }
    }

    @Test
    void aVisitorMayRecordNothingItself() {
        bailsOut((step, trace) -> {
            Tensor w = leaf(1, 4);
            for (int i = 0; i < STEPS; i++) {
                forget(w);
                Tensor x = normal(10 + i, 4);
                Tensor y = step.call(() -> {
                    Tensor h = w.add(x).exp();
                    double sum = elsewhere(() -> {
                        try (GradMode.Scope mode = GradMode.inferenceMode()) {
                            return x.mul_(2).sum().item();
                        }
                    });
                    return h.mul(sum);
                });
                y.sum().backward();
                trace.tensor("y", y);
                trace.leaves(w);
            }
        });
    }

    @Test
    void aVisitorDifferentiatesWhatTheRegionHasMade() {
        bailsOut((step, trace) -> {
            Tensor w = leaf(1, 4);
            for (int i = 0; i < STEPS; i++) {
                forget(w);
                Tensor y = step.call(() -> {
                    Tensor h = w.exp();
                    elsewhere(() -> {
                        h.mul(3).sum().backward(null, true);
                        return null;
                    });
                    return h.mul(w);
                });
                trace.tensor("y", y);
                trace.leaves(w);
            }
        });
    }

    @Test
    void regionsReadOneAnother() {
        compare((step, trace) -> {
            Stance stance = Stance.current();
            Compiled second = Compiled.region("second", 1);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 4);
                Exchanger<Tensor> exchanger = new Exchanger<>();
                Future<Tensor> other = others.submit(() -> {
                    try (Stance.Scope scope = stance.enter()) {
                        return second.call(() -> exchanged(exchanger, x.mul(2)));
                    }
                });
                Tensor y = step.call(() -> exchanged(exchanger, x.mul(3)));
                trace.tensor("y", y);
                trace.tensor("other", result(other));
            }
        });
    }

    @Test
    void regionsThatReadOneAnotherOftenAllGoOn() {
        for (int i = 0; i < 200; i++) {
            regionsReadOneAnother();
        }
    }

    private static Tensor exchanged(Exchanger<Tensor> exchanger, Tensor mine) {
        try {
            return exchanger.exchange(mine).sum().add(mine);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aThreadWritesToWhatTwoRegionsUse() {
        compare((step, trace) -> {
            Stance stance = Stance.current();
            Compiled second = Compiled.region("second", 1);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 4);
                CountDownLatch used = new CountDownLatch(1);
                CountDownLatch written = new CountDownLatch(1);
                Future<Tensor> other = others.submit(() -> {
                    try (Stance.Scope scope = stance.enter()) {
                        return second.call(() -> {
                            Tensor doubled = x.mul(2);
                            used.countDown();
                            await(written);
                            return doubled.add(x);
                        });
                    }
                });
                await(used);
                Tensor y = step.call(() -> {
                    Tensor before = x.exp();
                    elsewhere(() -> x.mul_(3));
                    written.countDown();
                    return before.sub(x);
                });
                trace.tensor("y", y);
                trace.tensor("other", result(other));
            }
        });
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void severalThreadsReadAtOnce() {
        bailsOut((step, trace) -> {
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 4);
                Tensor y = step.call(() -> {
                    Tensor h = x.exp();
                    List<CompletableFuture<Double>> sums = List.of(2, 3, 4, 5).stream()
                            .map(n -> CompletableFuture.supplyAsync(
                                    () -> h.mul(n).sum().item(), others))
                            .toList();
                    double sum =
                            sums.stream().mapToDouble(CompletableFuture::join).sum();
                    return h.mul(sum);
                });
                trace.tensor("y", y);
            }
        });
    }
}

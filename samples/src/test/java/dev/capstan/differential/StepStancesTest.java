// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static dev.capstan.differential.TrainingCase.descend;
import static dev.capstan.differential.TrainingCase.forget;
import static dev.capstan.differential.TrainingCase.leaf;
import static dev.capstan.differential.TrainingCase.normal;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Compile;
import dev.capstan.Compiled;
import dev.capstan.CompiledBiFunction;
import dev.capstan.GradMode;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.nn.Module;
import dev.capstan.nn.Parameter;
import dev.capstan.optim.Adam;
import dev.capstan.runtime.type.CapstanException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Steps in several threads, and under other stances. */
@Tag("everywhere")
final class StepStancesTest {
    /** A layer that is a region of its own. */
    @Compile(threshold = 1)
    private static final class Layer extends Module<Tensor, Tensor> {
        final Parameter weight;

        Layer(long seed, int in, int out) {
            weight = new Parameter(normal(seed, in, out));
        }

        @Override
        protected Tensor forward(Tensor x) {
            return x.mm(weight).tanh();
        }
    }

    @Test
    void threadsTrainModelsOfTheirOwnWithOneStep() throws Exception {
        CompiledBiFunction<Tensor, Tensor, Tensor> step = Compiled.step((w, x) -> {
            forget(w);
            Tensor loss = x.mm(w).tanh().sum();
            loss.backward();
            descend(0.1, w);
            return loss;
        });
        List<List<Tensor>> expected = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            expected.add(trained(step, t, Stance.EAGER));
        }
        List<Callable<List<Tensor>>> jobs = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            int seed = t;
            jobs.add(() -> trained(step, seed, seed % 2 == 0 ? Stance.COMPILE_NOW : Stance.COMPILED));
        }
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<List<Tensor>>> made = threads.invokeAll(jobs);
            for (int t = 0; t < 4; t++) {
                Tensors.assertSameBits(expected.get(t), made.get(t).get());
            }
        } finally {
            threads.shutdown();
        }
        assertTrue(step.compiled().report().get(0).hits() > 50, step.compiled().explain());
    }

    private static List<Tensor> trained(CompiledBiFunction<Tensor, Tensor, Tensor> step, int seed, Stance stance) {
        List<Tensor> seen = new ArrayList<>();
        Tensor w = leaf(seed, 4, 3);
        try (Stance.Scope scope = stance.enter()) {
            for (int i = 0; i < 40; i++) {
                seen.add(step.apply(w, normal(100 * seed + i, 5, 4)));
                seen.add(w.detach().copy());
                seen.add(w.grad());
            }
        }
        return seen;
    }

    @Test
    void threadsInferWithOneModel() throws Exception {
        Layer layer = new Layer(1, 4, 3);
        Compiled step = Compiled.region("inference", 1);
        IntFunction<Tensor> infer = i -> {
            try (GradMode.Scope off = GradMode.noGrad()) {
                return step.call(() -> layer.apply(normal(i, 5, 4)).add_(1).mul(2));
            }
        };
        List<Callable<Tensor>> jobs = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            int seed = i;
            jobs.add(() -> {
                try (Stance.Scope scope = Stance.COMPILE_NOW.enter()) {
                    return infer.apply(seed);
                }
            });
        }
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<Tensor>> made = threads.invokeAll(jobs);
            try (Stance.Scope scope = Stance.EAGER.enter()) {
                for (int i = 0; i < made.size(); i++) {
                    Tensors.assertSameBits(
                            "call " + i, infer.apply(i), made.get(i).get());
                }
            }
        } finally {
            threads.shutdown();
        }
        assertTrue(step.report().get(0).hits() >= 59, step::explain);
    }

    @Test
    void programsArriveInMidTraining() throws InterruptedException {
        Tensor eager = leaf(1, 4, 3);
        Tensor compiled = leaf(1, 4, 3);
        Adam first = new Adam(List.of(eager)).lr(0.01);
        Adam second = new Adam(List.of(compiled)).lr(0.01);
        Compiled step = Compiled.region("step", 3);
        long deadline = System.nanoTime() + 30_000_000_000L;
        int served = 0;
        for (int i = 0; served < 5; i++) {
            Tensor x = normal(10 + i, 5, 4);
            trainOnce(first, eager, x);
            long before = step.report().stream().mapToLong(path -> path.hits()).sum();
            try (Stance.Scope scope = Stance.COMPILED.enter()) {
                step.call(() -> {
                    trainOnce(second, compiled, x);
                    return null;
                });
            }
            served += step.report().stream().mapToLong(path -> path.hits()).sum() > before ? 1 : 0;
            Tensors.assertSameBits("weight", eager, compiled);
            Tensors.assertSameBits("gradient", eager.grad(), compiled.grad());
            assertTrue(System.nanoTime() < deadline, step::explain);
            Thread.sleep(1);
        }
        assertTrue(step.report().get(0).visits() > step.report().get(0).hits(), "it was counted first");
    }

    private static void trainOnce(Adam adam, Tensor w, Tensor x) {
        adam.zeroGrad();
        x.mm(w).tanh().sum().backward();
        adam.step();
    }

    @Test
    void aMissFailsIfTheStanceSaysSoAndChangesNothing() {
        Tensor w = leaf(1, 4, 3);
        Tensor before = w.detach().copy();
        Tensor x = normal(2, 5, 4);
        Compiled step = Compiled.region("step", 1);
        Supplier<Object> body = () -> {
            forget(w);
            x.mm(w).tanh().sum().backward();
            descend(0.1, w);
            return null;
        };
        try (Stance.Scope scope = Stance.FAIL_ON_MISS.enter()) {
            CapstanException miss = assertThrows(CapstanException.class, () -> step.call(body));
            assertTrue(miss.getMessage().contains("no program for this path"), miss.getMessage());
        }
        CapstanException refused =
                assertThrows(CapstanException.class, () -> w.grad().toFloatArray());
        assertTrue(refused.getMessage().contains("was refused"), refused.getMessage());
        Tensors.assertSameBits("weight", before, w.detach());
        try (Stance.Scope scope = Stance.COMPILE_NOW.enter()) {
            step.call(body);
            step.call(body);
        }
        try (Stance.Scope scope = Stance.FAIL_ON_MISS.enter()) {
            step.call(body);
        }
    }
}

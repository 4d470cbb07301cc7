// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.capstan.nn.Linear;
import dev.capstan.nn.Module;
import dev.capstan.nn.Sequential;
import dev.capstan.nn.Tanh;
import dev.capstan.optim.Adam;
import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Each thread has a tape of its own; leaves may be shared. */
class TapeThreadsTest {
    private static final int THREADS = 4;

    private static <T> List<T> atOnce(List<Callable<T>> jobs) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(jobs.size());
        CyclicBarrier start = new CyclicBarrier(jobs.size());
        try {
            List<Future<T>> futures = new ArrayList<>();
            for (Callable<T> job : jobs) {
                futures.add(threads.submit(() -> {
                    start.await();
                    return job.call();
                }));
            }
            List<T> results = new ArrayList<>();
            for (Future<T> future : futures) {
                results.add(future.get());
            }
            return results;
        } finally {
            threads.shutdown();
        }
    }

    /** The parameters after some steps. */
    private static double[] train(Module<Tensor, Tensor> model, long seed) {
        Generator generator = new Generator(seed);
        Tensor x = generator.normal(DType.FLOAT32, 16, 8);
        Tensor y = generator.normal(DType.FLOAT32, 16, 2);
        Adam adam = new Adam(model.parameters()).lr(0.01);
        for (int i = 0; i < 40; i++) {
            Tensor loss = F.mseLoss(model.apply(x), y);
            adam.zeroGrad();
            loss.backward();
            adam.step();
            try (GradMode.Scope off = i % 2 == 0 ? GradMode.noGrad() : GradMode.inferenceMode()) {
                assertEquals(false, model.apply(x).requiresGrad());
            }
        }
        return Tensor.cat(
                        model.parameters().stream()
                                .map(parameter -> parameter.detach().reshape(-1))
                                .toList(),
                        0)
                .toDoubleArray();
    }

    private static Module<Tensor, Tensor> model(long seed) {
        Sequential model = new Sequential(new Linear(8, 16), new Tanh(), new Linear(16, 2));
        Generator generator = new Generator(seed);
        model.parameters()
                .forEach(parameter -> parameter
                        .detach()
                        .copy_(generator.normal(DType.FLOAT32, parameter.shape().sizes())));
        return model;
    }

    @Test
    void separateModelsLearnTheSameAtOnceAsOneAfterAnother() throws Exception {
        List<Callable<double[]>> jobs = new ArrayList<>();
        List<double[]> expected = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            long seed = i;
            expected.add(train(model(seed), seed));
            Module<Tensor, Tensor> model = model(seed);
            jobs.add(() -> train(model, seed));
        }
        List<double[]> actual = atOnce(jobs);
        for (int i = 0; i < THREADS; i++) {
            assertArrayEquals(expected.get(i), actual.get(i));
        }
    }

    @Test
    void noUpdateOfASharedLeafIsLost() throws Exception {
        int passes = 3000;
        for (int round = 0; round < 3; round++) {
            Tensor leaf = Tensor.zeros(DType.FLOAT64, 64).requiresGrad(true);
            List<Callable<Integer>> jobs = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                jobs.add(() -> {
                    for (int pass = 0; pass < passes; pass++) {
                        leaf.mul(1).sum().backward();
                    }
                    return passes;
                });
            }
            atOnce(jobs);
            double[] expected = new double[64];
            Arrays.fill(expected, THREADS * passes);
            assertArrayEquals(expected, leaf.grad().toDoubleArray());
        }
    }

    @Test
    void hooksOfASharedLeafSeeEveryPass() throws Exception {
        Tensor leaf = Tensor.zeros(1).requiresGrad(true);
        int[] calls = new int[1];
        leaf.registerPostAccumulateGradHook(accumulated -> calls[0]++);
        List<Callable<Integer>> jobs = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            jobs.add(() -> {
                for (int pass = 0; pass < 2000; pass++) {
                    leaf.mul(1).sum().backward();
                }
                return 0;
            });
        }
        atOnce(jobs);
        assertEquals(THREADS * 2000, calls[0]);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Compiled;
import dev.capstan.Generator;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.runtime.spi.PathReport;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

/**
 * An endless stream of new programs, steps and shapes, for an hour or {@code capstan.test.soakSeconds}: what is not used
 * any more is forgotten, so that neither memory nor classes grow once the caches are full.
 */
@Tag("nightly")
class SoakTest {
    private static final long LENGTH = TimeUnit.SECONDS.toNanos(Long.getLong("capstan.test.soakSeconds", 3600));
    private static final int SAMPLES = 30;

    /** What the process holds after garbage was collected. */
    private record Sample(double seconds, long rounds, long hits, double heap, double metaspace, double classes) {
        private static final double MEGABYTE = 1 << 20;
        private static final int TRIES = 5;
        private static final long PAUSE_MILLIS = 1000;

        /** What is compiled meanwhile holds memory, too, for some seconds: what is there all the time counts. */
        static Sample take(double seconds, long rounds, long hits) throws InterruptedException {
            Sample least = now(seconds, rounds, hits);
            for (int i = 0; i < TRIES; i++) {
                Thread.sleep(PAUSE_MILLIS);
                Sample next = now(seconds, rounds, hits);
                least = next.heap < least.heap ? next : least;
            }
            return least;
        }

        private static Sample now(double seconds, long rounds, long hits) throws InterruptedException {
            for (int i = 0; i < 3; i++) {
                System.gc();
                Thread.sleep(50);
            }
            double metaspace = ManagementFactory.getMemoryPoolMXBeans().stream()
                    .filter(pool -> pool.getName().equals("Metaspace"))
                    .map(MemoryPoolMXBean::getUsage)
                    .mapToLong(usage -> usage.getUsed())
                    .sum();
            return new Sample(
                    seconds,
                    rounds,
                    hits,
                    ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() / MEGABYTE,
                    metaspace / MEGABYTE,
                    ManagementFactory.getClassLoadingMXBean().getLoadedClassCount());
        }

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%.0f s, %d rounds, %d hits: heap %.1f MB, metaspace %.1f MB, %.0f classes",
                    seconds,
                    rounds,
                    hits,
                    heap,
                    metaspace,
                    classes);
        }
    }

    private final Compiled storm = Compiled.region("Storm", 2);
    private long hits;

    @Test
    void neitherMemoryNorClassesGrow(TestReporter reporter) throws InterruptedException {
        fillCaches();
        List<Sample> samples = new ArrayList<>();
        long begin = System.nanoTime();
        for (long seed = 0; samples.size() < SAMPLES; seed++) {
            randomProgram(seed);
            randomStep(seed);
            newShape(seed, Stance.COMPILED);
            long elapsed = System.nanoTime() - begin;
            if (elapsed >= LENGTH / SAMPLES * (samples.size() + 1)) {
                samples.add(Sample.take(elapsed / 1e9, seed + 1, hits));
                reporter.publishEntry("soak", samples.get(samples.size() - 1).toString());
            }
        }
        assertTrue(hits > 0, "programs ran");
        assertNoGrowth("heap", samples, Sample::heap, 8);
        assertNoGrowth("metaspace", samples, Sample::metaspace, 4);
        assertNoGrowth("classes", samples, Sample::classes, 100);
    }

    /** The last third of the samples holds no more than the one before, but for some noise. */
    private static void assertNoGrowth(
            String what, List<Sample> samples, ToDoubleFunction<Sample> amount, double noise) {
        double middle = mean(samples.subList(SAMPLES / 3, 2 * SAMPLES / 3), amount);
        double last = mean(samples.subList(2 * SAMPLES / 3, SAMPLES), amount);
        StringBuilder text = new StringBuilder(what + " grows\n");
        samples.forEach(sample -> text.append(sample).append('\n'));
        assertTrue(last <= 1.05 * middle + noise, text.toString());
    }

    private static double mean(List<Sample> samples, ToDoubleFunction<Sample> amount) {
        return samples.stream().mapToDouble(amount).average().orElseThrow();
    }

    /** More kernels of either kind than are remembered, and more paths than a region keeps. */
    private void fillCaches() {
        Tensor x = new Generator(1).normal(DType.FLOAT32, 8, 40);
        for (int i = 0; i < 700; i++) {
            int choices = i;
            Compiled region = Compiled.region("Filling" + i, 1);
            BothModes.compiled(() ->
                    region.call(() -> chain(x, choices).mul(chain(x, ~choices).sum())));
            hits += hits(region);
        }
        for (int i = 0; i < 300; i++) {
            newShape(-i, Stance.COMPILE_NOW);
        }
    }

    /** Five operators that fit into one kernel, by the lowest ten bits of a number; none of them undoes another. */
    private static Tensor chain(Tensor x, int choices) {
        Tensor y = x;
        for (int bit = 0; bit < 10; bit += 2) {
            y = switch (choices >> bit & 3) {
                case 0 -> y.mul(x);
                case 1 -> y.add(x);
                case 2 -> y.sub(x);
                default -> y.maximum(x);
            };
        }
        return y;
    }

    /** A region of its own, in the background and at once. */
    private void randomProgram(long seed) {
        RandomProgram program = new RandomProgram(seed, seed % 2 == 0);
        Compiled region = Compiled.region("Soaked" + seed, 1);
        Random random = new Random(seed);
        for (int call = 0; call < 6; call++) {
            int[] choices = random.ints(program.choices(), 0, 2).toArray();
            Stance stance = call % 3 == 2 ? Stance.COMPILE_NOW : Stance.COMPILED;
            int mode = call % 3;
            Callable<List<Tensor>> body = () -> RandomProgramTest.run(program, region, choices, seed, mode);
            try {
                Tensors.assertSameBits(BothModes.eager(body), BothModes.under(stance, body));
            } catch (CapstanException e) {
                // a gradient needs elements that are gone, or what only a later call reads has changed
                continue;
            }
        }
        hits += hits(region);
    }

    private void randomStep(long seed) {
        try {
            hits += hits(TrainingCase.compare(RandomStep.of(seed)::run, 1));
        } catch (CapstanException | AssertionError e) {
            if (!RandomStepTest.isRefused(e.getMessage())) {
                throw new AssertionError("step " + seed, e);
            }
        }
    }

    /** One region that lives as long as the test, and meets one shape after the other. */
    private void newShape(long seed, Stance stance) {
        Random random = new Random(seed);
        Tensor x = new Generator(seed).normal(DType.FLOAT32, 1 + random.nextInt(40), 1 + random.nextInt(200));
        Tensor expected = null;
        for (int call = 0; call < 5; call++) {
            try (Stance.Scope scope = (call == 0 ? Stance.EAGER : stance).enter()) {
                Tensor y = storm.call(
                        () -> x.mm(x.t()).tanh().mul(0.5).add(x.sum(true, 1)).exp());
                if (expected == null) {
                    expected = y;
                } else {
                    Tensors.assertSameBits("shape " + x.shape(), expected, y);
                }
            }
        }
    }

    private static long hits(Compiled region) {
        return region.report().stream().mapToLong(PathReport::hits).sum();
    }
}

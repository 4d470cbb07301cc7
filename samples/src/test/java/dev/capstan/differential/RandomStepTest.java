// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Compiled;
import dev.capstan.Stance;
import dev.capstan.runtime.spi.PathReport;
import dev.capstan.runtime.type.CapstanException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Random training steps: what a compiled region leaves is what eager mode leaves, to the last bit. */
@Tag("everywhere")
class RandomStepTest {
    private static final int STEPS = Integer.getInteger("capstan.test.steps", 400);
    /**
     * What only a later call reads, after inputs have changed, is a clear error; so is a second derivative through a call that
     * did not know of it, after inputs have changed.
     */
    private static final List<String> REFUSED =
            List.of("later calls keep it", "operators of the compiled region are needed after its inputs have changed");

    /** With vectors and without, other steps. */
    private static final int FIRST = Integer.getInteger("capstan.test.firstStep", BothModes.VECTORS ? 0 : STEPS);

    @Test
    void compiledEqualsEager() {
        run(STEPS);
    }

    @Test
    @Tag("nightly")
    void compiledEqualsEagerInTheLongRun() {
        run(Integer.getInteger("capstan.test.programs", 100_000));
    }

    /** Threads, each with tensors of its own, call one region; their paths and programs are the same. */
    @Test
    void threadsThatShareARegionDoNotDisturbOneAnother() throws InterruptedException {
        long hits = 0;
        int refused = 0;
        for (int seed = FIRST; seed < FIRST + STEPS / 5; seed++) {
            RandomStep step = RandomStep.of(seed);
            if (step.draws()) {
                // from a stream that the threads have in common
                continue;
            }
            List<String> eager = TrainingCase.under(Stance.EAGER, step::run, Compiled.region("eager", 1));
            Compiled region = Compiled.region("shared", 1);
            List<List<String>> seen = new CopyOnWriteArrayList<>();
            List<Thread> threads = Stream.generate(() -> new Thread(() -> seen.add(traceOrRefusal(step, region))))
                    .limit(3)
                    .toList();
            threads.forEach(Thread::start);
            for (Thread thread : threads) {
                thread.join();
            }
            assertEquals(3, seen.size(), "a thread failed");
            for (List<String> one : seen) {
                if (one.stream().anyMatch(RandomStepTest::isRefused)) {
                    refused++;
                } else {
                    assertEquals(eager, one, "seed " + seed + ":\n" + step);
                }
            }
            hits += region.report().stream().mapToLong(PathReport::hits).sum();
        }
        assertTrue(hits >= STEPS / 2, "generated programs ran only " + hits + " times");
        assertTrue(refused <= Math.max(1, STEPS / 50), "of " + STEPS + " steps " + refused + " were refused");
    }

    static boolean isRefused(String message) {
        return REFUSED.stream().anyMatch(message::contains);
    }

    private static List<String> traceOrRefusal(RandomStep step, Compiled region) {
        try {
            return TrainingCase.under(Stance.COMPILE_NOW, step::run, region);
        } catch (CapstanException e) {
            return List.of(e.getMessage());
        }
    }

    private static void run(int steps) {
        long hits = 0;
        int refused = 0;
        for (int seed = FIRST; seed < FIRST + steps; seed++) {
            RandomStep step = RandomStep.of(seed);
            try {
                hits += compare(step);
            } catch (RuntimeException | AssertionError e) {
                if (isRefused(e.getMessage())) {
                    refused++;
                    continue;
                }
                RandomStep small = shrunk(step);
                throw new AssertionError("seed " + seed + ":\n" + small, failure(small));
            }
        }
        assertTrue(hits >= 2L * steps, "generated programs ran only " + hits + " times");
        assertTrue(refused <= Math.max(1, steps / 50), "of " + steps + " steps " + refused + " were refused");
    }

    private static long compare(RandomStep step) {
        Compiled region = TrainingCase.compare(step::run, 1);
        return region.report().stream().mapToLong(PathReport::hits).sum();
    }

    private static Throwable failure(RandomStep step) {
        try {
            compare(step);
            return null;
        } catch (RuntimeException | AssertionError e) {
            return e;
        }
    }

    /** The step without the statements that it does not need to fail. */
    private static RandomStep shrunk(RandomStep step) {
        RandomStep small = step;
        for (int i = small.length() - 1; i >= 0; i--) {
            RandomStep smaller = small.without(i);
            if (failure(smaller) != null) {
                small = smaller;
            }
        }
        return small;
    }
}

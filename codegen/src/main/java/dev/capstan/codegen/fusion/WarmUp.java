// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Calls generated loops on small dummy operands until the JIT has compiled them. A vector form that is not compiled yet
 * takes about a microsecond per operation, because each one allocates. But the optimising compiler takes a method up for the
 * number of its calls and turns of loops alike: so most of the counting is done by rows narrower than a vector, which run in
 * scalar form, and vectors run only often enough to show which way the branches go. Many loops take turns, so that the
 * compiler works on some while others are counted.
 */
public final class WarmUp {
    /** Calls with vectors before the compiler takes the method up. */
    private static final int WIDE_CALLS = 240;

    private static final int BATCH = 40;

    /** HotSpot's optimising compiler wants 15,000 calls and turns of loops, more while others wait for it. */
    private static final int NARROW_CALLS_PER_BATCH = 400;

    /** While the compiler is at work, calls are made only to see whether it is done. */
    private static final long PAUSE_MILLIS = 2;

    /** A vector operation that takes longer was not compiled yet; one that was takes at most a few. */
    private static final double SLOW_NANOS = 25;

    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(10);

    private WarmUp() {}

    /** Warms all that are cold. Takes up to seconds. */
    public static void run(Collection<FusedLoop> loops) {
        List<Candidate> rest = new ArrayList<>();
        for (FusedLoop loop : loops) {
            if (!loop.isWarm()) {
                rest.add(new Candidate(loop));
            }
        }
        long begin = System.nanoTime();
        try {
            while (!rest.isEmpty() && System.nanoTime() - begin < PATIENCE) {
                rest.removeIf(Candidate::isQuick);
                if (rest.stream().allMatch(Candidate::isCounted)) {
                    Thread.sleep(PAUSE_MILLIS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        rest.forEach(candidate -> candidate.loop.warmed());
    }

    private static final class Candidate {
        private final FusedLoop loop;
        private final FusedLoop.Trial[] narrow;
        private final FusedLoop.Trial[] wide;
        private final double quick;
        private int calls;

        Candidate(FusedLoop loop) {
            this.loop = loop;
            int lanes = loop.isVector() ? VectorLoop.mainLanes(loop.pattern()).count() : 8;
            int unrolling = VectorLoop.unrolling(loop.pattern());
            this.narrow = new FusedLoop.Trial[] {loop.trial(1, lanes - 1), loop.trial(2, lanes - 1)};
            // the last vector alone; a turn of each loop before it; rows
            this.wide = new FusedLoop.Trial[] {
                loop.trial(1, lanes), loop.trial(1, lanes * (unrolling + 2)), loop.trial(2, 2 * lanes + 3),
            };
            int vectors = 1 + unrolling + 2 + 2 * 3;
            int operations = 4 + Steps.varyingOperations(loop.pattern());
            this.quick = SLOW_NANOS * operations * vectors / wide.length;
        }

        /** Whether the compiler has been told often enough. */
        boolean isCounted() {
            return calls >= WIDE_CALLS;
        }

        /** Makes some calls and tells whether they were quick. */
        boolean isQuick() {
            for (int i = 0; i < NARROW_CALLS_PER_BATCH; i++) {
                narrow[i % narrow.length].run();
            }
            double best = Double.POSITIVE_INFINITY;
            for (int i = 0; i < BATCH; i++) {
                long begin = System.nanoTime();
                for (FusedLoop.Trial trial : wide) {
                    trial.run();
                }
                best = Math.min(best, (double) (System.nanoTime() - begin) / wide.length);
            }
            calls += BATCH;
            if (!isCounted() || best > quick) {
                return false;
            }
            loop.warmed();
            return true;
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Calls generated loops on small dummy operands until the JIT has compiled them. A vector form that is not compiled yet
 * takes about a microsecond per operation, because each one allocates; so the operands are as small as they can be while
 * all branches are taken, and many loops take turns, so that the compiler works on some while others are counted.
 */
public final class WarmUp {
    /** HotSpot's optimising compiler takes a method up after about 5,000 calls. */
    private static final int FEWEST_CALLS = 6_000;

    private static final int BATCH = 500;

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
        while (!rest.isEmpty()
                && System.nanoTime() - begin < PATIENCE
                && !Thread.currentThread().isInterrupted()) {
            rest.removeIf(Candidate::isWarmAfterBatch);
        }
        // what is still slow now stays slow; the caller has waited long enough
        rest.forEach(candidate -> candidate.loop.warmed());
    }

    private static final class Candidate {
        private final FusedLoop loop;
        private final FusedLoop.Trial[] trials;
        private final double quick;
        private int calls;

        Candidate(FusedLoop loop) {
            this.loop = loop;
            int lanes = loop.isVector() ? VectorLoop.mainLanes(loop.pattern()).count() : 8;
            int unrolling = VectorLoop.unrolling(loop.pattern());
            this.trials = new FusedLoop.Trial[] {
                loop.trial(1, lanes),
                loop.trial(1, 1),
                loop.trial(1, lanes * (unrolling + 2) + 1),
                loop.trial(2, lanes + 3),
                loop.trial(2, 2),
            };
            int vectors = 1 + 1 + unrolling + 3 + 4 + 1;
            int operations = 4 + Steps.varyingOperations(loop.pattern());
            this.quick = SLOW_NANOS * operations * vectors / trials.length;
        }

        boolean isWarmAfterBatch() {
            long begin = System.nanoTime();
            for (int i = 0; i < BATCH; i++) {
                trials[i % trials.length].run();
            }
            double nanos = (double) (System.nanoTime() - begin) / BATCH;
            calls += BATCH;
            if (calls < FEWEST_CALLS || nanos > quick) {
                return false;
            }
            loop.warmed();
            return true;
        }
    }
}

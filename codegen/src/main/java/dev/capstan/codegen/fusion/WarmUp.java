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
    private static final int FULL_CALLS = 240;

    private static final int BATCH = 40;

    /** HotSpot's optimising compiler wants 15,000 calls and turns of loops, more while others wait for it. */
    private static final int CHEAP_CALLS_PER_BATCH = 400;

    /** While the compiler is at work, calls are made only to see whether it is done. */
    private static final long PAUSE_MILLIS = 2;

    /** A vector operation that takes longer was not compiled yet; one that was takes at most a few. */
    private static final double SLOW_NANOS = 25;

    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);

    private WarmUp() {}

    /** Warms all that are cold. Takes up to seconds; on a machine that is busy otherwise longer, but not for ever. */
    public static void run(Collection<? extends FusedKernel> kernels) {
        List<Candidate> rest = new ArrayList<>();
        for (FusedKernel kernel : kernels) {
            if (!kernel.isWarm()) {
                rest.add(new Candidate(kernel));
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
    }

    private static final class Candidate {
        private final FusedKernel kernel;
        private final List<FusedKernel.Trial> cheap;
        private final List<FusedKernel.Trial> full;
        private final List<FusedKernel.Trial> rare;
        private final double quick;
        private int calls;

        Candidate(FusedKernel kernel) {
            this.kernel = kernel;
            this.cheap = kernel.cheapTrials();
            this.full = kernel.fullTrials();
            this.rare = kernel.rareTrials();
            this.quick = SLOW_NANOS * kernel.operations();
        }

        /** Whether the compiler has been told often enough. */
        boolean isCounted() {
            return calls >= FULL_CALLS;
        }

        /** Makes some calls and tells whether they were quick. */
        boolean isQuick() {
            for (int i = 0; i < CHEAP_CALLS_PER_BATCH; i++) {
                cheap.get(i % cheap.size()).run();
            }
            rare.forEach(FusedKernel.Trial::run);
            long best = Long.MAX_VALUE;
            for (int i = 0; i < BATCH; i++) {
                long begin = System.nanoTime();
                full.forEach(FusedKernel.Trial::run);
                best = Math.min(best, System.nanoTime() - begin);
            }
            calls += BATCH;
            if (!isCounted() || best > quick) {
                return false;
            }
            kernel.warmed();
            return true;
        }
    }
}

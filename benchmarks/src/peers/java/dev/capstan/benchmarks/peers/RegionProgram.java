// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import dev.capstan.Compiled;
import dev.capstan.Stance;
import dev.capstan.runtime.spi.PathReport;
import java.util.List;
import java.util.function.Supplier;

/** A region of ours that every step runs through. */
final class RegionProgram implements Program {
    private static final int STEPS_PER_LOOK = 48;
    private static final long PATIENCE_NANOS = 180_000_000_000L;

    private final Compiled region;
    private final Runnable step;
    private final Supplier<float[]> result;
    private final double leastHits;
    private Counts settled;

    /** Calls of the region, those that a program served, and programs that are not generated code yet. */
    private record Counts(long visits, long hits, long waiting) {
        static Counts of(List<PathReport> paths) {
            return new Counts(
                    paths.stream().mapToLong(PathReport::visits).sum(),
                    paths.stream().mapToLong(PathReport::hits).sum(),
                    paths.stream()
                            .filter(path -> path.hits() > 0)
                            .flatMap(path -> path.tiers().stream())
                            .filter(tier -> !tier.contains("generated") || tier.contains("kernels generated"))
                            .count());
        }

        double hitsSince(Counts before) {
            return (hits - before.hits) / (double) (visits - before.visits);
        }
    }

    /**
     * A program.
     *
     * @param leastHits the share of calls that a generated program must serve while time is taken
     */
    RegionProgram(Compiled region, double leastHits, Runnable step, Supplier<float[]> result) {
        this.region = region;
        this.leastHits = leastHits;
        this.step = step;
        this.result = result;
    }

    /** Without compilation. */
    static Program eager(Runnable step, Supplier<float[]> result) {
        return new Program() {
            @Override
            public void step() {
                try (Stance.Scope eager = Stance.EAGER.enter()) {
                    step.run();
                }
            }

            @Override
            public float[] result() {
                return result.get();
            }
        };
    }

    @Override
    public void step() {
        step.run();
    }

    @Override
    public float[] result() {
        return result.get();
    }

    @Override
    public void settle() {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        Counts before;
        do {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("not generated code after "
                        + PATIENCE_NANOS / 1_000_000_000 + " s: " + region.explain());
            }
            before = Counts.of(region.report());
            for (int i = 0; i < STEPS_PER_LOOK; i++) {
                step();
            }
            settled = Counts.of(region.report());
        } while (settled.waiting > 0 || settled.hitsSince(before) < leastHits);
    }

    @Override
    public void verify() {
        Counts now = Counts.of(region.report());
        double hits = now.hitsSince(settled);
        if (now.waiting > 0 || hits < leastHits) {
            throw new IllegalStateException(
                    "a generated program served " + hits + " of the calls, less than " + leastHits + ": "
                            + region.explain());
        }
    }
}

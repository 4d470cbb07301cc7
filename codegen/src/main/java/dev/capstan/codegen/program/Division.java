// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.runtime.parallel.Workers;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * How threads divide a step between them: each takes some of the indices of one dimension at a time. What is computed for
 * an index does not depend on the others.
 *
 * @param dimension the dimension
 * @param size its size
 * @param grain so many indices are not parted
 */
record Division(int dimension, int size, int grain) {
    /** Operations on elements, at least, that pay for calling in other threads: some tens of microseconds. */
    private static final long WORTH_SHARING = 1 << 19;

    /** Elements of the last dimension that are not parted: several vectors, and several cache lines. */
    private static final int GRAIN = 256;

    /** Grains, at least, for which an outer dimension is taken in the place of those inside of it. */
    private static final int ENOUGH = 16;

    /** More than one for each thread, in case one of them is late. */
    private static final int CHUNKS_A_THREAD = 4;

    /** What is done for some of the indices. */
    @FunctionalInterface
    interface Range {
        /** Does it for the indices {@code from} to {@code to}, exclusive. */
        void run(int from, int to);
    }

    static boolean isWorthSharing(long operations) {
        return operations >= WORTH_SHARING;
    }

    /**
     * The division of a nest; empty if there is only one index, or grain of them, of each dimension.
     *
     * @param sizes of its dimensions, outermost first
     * @param fine whether the last dimension is that of single elements
     * @param divisible the dimensions whose indices have nothing to do with one another
     */
    static Optional<Division> of(List<Integer> sizes, boolean fine, IntPredicate divisible) {
        Division best = null;
        for (int i = 0; i < sizes.size() && (best == null || best.grains() < ENOUGH); i++) {
            Division division = new Division(i, sizes.get(i), fine && i == sizes.size() - 1 ? GRAIN : 1);
            if (divisible.test(i) && division.grains() > (best == null ? 1 : best.grains())) {
                best = division;
            }
        }
        return Optional.ofNullable(best);
    }

    private int grains() {
        return (size + grain - 1) / grain;
    }

    /** Does it for all indices, on this thread and others. */
    void forEach(Range range) {
        Workers workers = Workers.shared();
        int chunks = workers.threads() == 1 ? 1 : CHUNKS_A_THREAD * workers.threads();
        int length = (grains() + chunks - 1) / chunks * grain;
        workers.forEach(
                (size + length - 1) / length, chunk -> range.run(chunk * length, Math.min(size, (chunk + 1) * length)));
    }
}

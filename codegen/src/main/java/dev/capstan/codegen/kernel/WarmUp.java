// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Runs the micro-kernels until C2 has compiled each of them, with short and long sums and on both sides of the
 * accumulate branch: a branch that never ran would cost a deoptimisation later.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class WarmUp<A> {
    /** A busy machine may need long; a JVM without C2 never gets there. */
    private static final long LIMIT_NANOS = 600_000_000_000L;

    private static final int BATCH = 64;
    /** Enough for HotSpot to queue a method for C2. */
    private static final int MIN_CALLS = 6_000;
    /** So many calls in a row must be fast. */
    private static final int FAST_CALLS = 200;
    /** Compiled by C2 a vector operation takes about 1 ns, in any other tier hundreds. */
    private static final long NANOS_PER_OPERATION = 12;
    /** For the clock and for what else a call does. */
    private static final long NANOS_PER_CALL = 1_000;

    private static final int SHORT_SUM = 4;
    private static final int LONG_SUM = 64;

    private final TileShape shape;
    private final ArrayLoops<A> loops;
    private final MicroKernels<A> kernels;
    private final A a;
    private final A b;
    private final A c;

    WarmUp(TileShape shape, ArrayLoops<A> loops, MicroKernels<A> kernels) {
        this.shape = shape;
        this.loops = loops;
        this.kernels = kernels;
        int widest = Math.max(TileShape.TILE_VECTORS, TileShape.ROW_VECTORS) * shape.lanes();
        this.a = loops.allocate(shape.rows() * TileShape.A_STRIDE);
        this.b = loops.allocate(LONG_SUM * widest);
        this.c = loops.allocate(Math.max(shape.rows(), shape.lanes()) * widest);
    }

    @FunctionalInterface
    private interface Kernel {
        void call(int k, boolean accumulate);
    }

    private static final class Candidate {
        private final Kernel kernel;
        private final int operations;
        private int calls;
        private int fastCalls;

        Candidate(Kernel kernel, int operations) {
            this.kernel = kernel;
            this.operations = operations;
        }

        boolean isHot() {
            return calls >= MIN_CALLS && fastCalls >= FAST_CALLS;
        }

        /** Whether enough calls have been made and C2 is to be waited for. */
        boolean isQueued() {
            return calls >= 2 * MIN_CALLS;
        }

        void runBatch() {
            for (int i = 0; i < BATCH || fastCalls >= BATCH && !isHot(); i++) {
                // long sums are rare at first: interpreted, one takes milliseconds
                int k = calls % (calls < MIN_CALLS ? 16 : 2) == 0 ? LONG_SUM : SHORT_SUM;
                long start = System.nanoTime();
                kernel.call(k, (calls & 4) == 0);
                long nanos = System.nanoTime() - start;
                calls++;
                long operationsOfCall = (long) operations * (k + SHORT_SUM);
                boolean fast = nanos < NANOS_PER_CALL + NANOS_PER_OPERATION * operationsOfCall;
                fastCalls = fast ? fastCalls + 1 : 0;
            }
        }
    }

    /** Warms the kernels that multiply; gives whether all became fast within the limit. */
    boolean multiplication() {
        return becomeFast(List.of(
                tile(shape.rows(), 2),
                tile(shape.fewRows(), 2),
                row(TileShape.ROW_VECTORS),
                row(2),
                tile(shape.rows(), 1),
                tile(shape.fewRows(), 1),
                row(1)));
    }

    /** Warms the kernel that transposes; gives whether it became fast within the limit. */
    boolean transposition() {
        int lanes = shape.lanes();
        int operations = lanes * Integer.numberOfTrailingZeros(lanes);
        Kernel transpose =
                (k, accumulate) -> kernels.transpose(b, 0, lanes, c, 0, lanes, accumulate ? 2 * lanes : lanes);
        return becomeFast(List.of(new Candidate(transpose, operations)));
    }

    private static boolean becomeFast(List<Candidate> candidates) {
        List<Candidate> cold = new ArrayList<>(candidates);
        long start = System.nanoTime();
        long roundStart = start;
        while (true) {
            cold.forEach(Candidate::runBatch);
            cold.removeIf(Candidate::isHot);
            if (cold.isEmpty()) {
                return true;
            }
            long now = System.nanoTime();
            if (now - start > LIMIT_NANOS) {
                return false;
            }
            if (cold.stream().allMatch(Candidate::isQueued)) {
                // leaves half of the processor to the compiler
                LockSupport.parkNanos(Math.max(now - roundStart, 500_000));
            }
            roundStart = System.nanoTime();
        }
    }

    private Candidate tile(int rows, int vectors) {
        int width = vectors * shape.lanes();
        return new Candidate(
                (k, accumulate) -> kernels.tile(rows, vectors, a, 0, b, 0, c, 0, width, k, accumulate), rows * vectors);
    }

    private Candidate row(int vectors) {
        int width = vectors * shape.lanes();
        return new Candidate(
                (k, accumulate) -> kernels.row(vectors, a, 0, 1, b, 0, width, c, 0, k, accumulate), vectors);
    }

    /** The loops around the kernels: every layout, whole and partial tiles, packed and unpacked. */
    void blocks(BlockedContraction<A> contraction) {
        int lanes = shape.lanes();
        int k = lanes + 3;
        int[] rows = {1, shape.fewRows() + 1, shape.rows() - 1, 2 * shape.rows()};
        int[] columns = {1, lanes - 1, 2 * lanes, 4 * lanes, 5 * lanes + 3};
        int most = shape.padded(columns[columns.length - 1]) * Math.max(k, 2 * shape.rows());
        A left = loops.allocate(most);
        A right = loops.allocate(most);
        A result = loops.allocate(most);
        A panels = loops.allocate(most);
        for (int round = 0; round < 200; round++) {
            boolean accumulate = (round & 1) == 0;
            for (int m : rows) {
                for (int n : columns) {
                    contraction.multiply(m, k, n, left, 0, k, 1, right, 0, n, 1, result, 0, n, accumulate);
                    contraction.multiply(m, k, n, left, 0, 1, m, right, 0, 1, k, result, 0, n, accumulate);
                    if ((round & 15) == 0) {
                        contraction.pack(right, 0, n, 1, k, n, panels, 0);
                    }
                    contraction.multiplyPacked(m, k, n, left, 0, k, 1, panels, 0, result, 0, n, accumulate);
                }
            }
        }
    }
}

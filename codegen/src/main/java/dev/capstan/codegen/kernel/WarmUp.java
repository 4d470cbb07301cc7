// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import java.util.ArrayList;
import java.util.List;

/**
 * Runs the micro-kernels until C2 has compiled each of them, with short and long sums and on both sides of the
 * accumulate branch: a branch that never ran would cost a deoptimisation later.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class WarmUp<A> {
    private static final long LIMIT_NANOS = 20_000_000_000L;
    private static final int BATCH = 64;
    private static final int MIN_CALLS = 6_000;
    /** A busy machine may need longer than the limit; a JVM without C2 has made so many calls by then. */
    private static final int MAX_CALLS = 40_000;
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
    private final BlockedContraction<A> contraction;
    private final A a;
    private final A b;
    private final A c;

    WarmUp(TileShape shape, ArrayLoops<A> loops, MicroKernels<A> kernels, BlockedContraction<A> contraction) {
        this.shape = shape;
        this.loops = loops;
        this.kernels = kernels;
        this.contraction = contraction;
        int widest = Math.max(TileShape.TILE_VECTORS, TileShape.ROW_VECTORS) * shape.lanes();
        this.a = loops.allocate(LONG_SUM * shape.rows());
        this.b = loops.allocate(LONG_SUM * widest);
        this.c = loops.allocate(shape.rows() * widest);
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

        void runBatch() {
            for (int i = 0; i < BATCH; i++) {
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

    /** Whether all kernels became fast within the limit. */
    boolean run() {
        long start = System.nanoTime();
        List<Candidate> cold = new ArrayList<>();
        cold.add(tile(shape.rows(), 2));
        cold.add(tile(shape.fewRows(), 2));
        cold.add(row(TileShape.ROW_VECTORS));
        cold.add(row(2));
        cold.add(tile(shape.rows(), 1));
        cold.add(tile(shape.fewRows(), 1));
        cold.add(row(1));
        while (!cold.isEmpty()) {
            cold.forEach(Candidate::runBatch);
            cold.removeIf(Candidate::isHot);
            boolean late = System.nanoTime() - start > LIMIT_NANOS;
            if (late && cold.stream().allMatch(candidate -> candidate.calls > MAX_CALLS)) {
                return false;
            }
        }
        warmBlocks();
        return true;
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
    private void warmBlocks() {
        int lanes = shape.lanes();
        int k = 6;
        int[] rows = {1, shape.fewRows() + 1, shape.rows() - 1, 2 * shape.rows()};
        int[] columns = {1, lanes - 1, 2 * lanes, 4 * lanes, 5 * lanes + 3};
        int most = (5 * lanes + 3) * Math.max(k, 2 * shape.rows());
        A left = loops.allocate(most);
        A right = loops.allocate(most);
        A result = loops.allocate(most);
        A panels = loops.allocate(most);
        for (int round = 0; round < 400; round++) {
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

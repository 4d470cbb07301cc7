// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import java.util.List;

/**
 * What warms the micro-kernels of one element type: short and long sums, both sides of the accumulate branch (a branch
 * that never ran would cost a deoptimisation later), then the loops around them.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class MicroKernelWarmUp<A> {
    /** Compiled by C2 a vector operation takes about 1 ns, in any other tier at least 20. */
    private static final double NANOS_PER_OPERATION = 4;
    /** For the clock and for what else a call does. */
    private static final double NANOS_PER_CALL = 250;

    private static final int SHORT_SUM = 4;
    /** Long enough for the JIT to see where the time goes: else it keeps in registers what stands around the loop. */
    private static final int LONG_SUM = 128;

    /** Loops over blocks are ordinary code: what matters is that none of it is interpreted. */
    private static final int BLOCK_ROUNDS = 40;

    private final TileShape shape;
    private final ArrayLoops<A> loops;
    private final MicroKernels<A> kernels;
    private final A a;
    private final A b;
    private final A c;
    private int turn;

    MicroKernelWarmUp(TileShape shape, ArrayLoops<A> loops, MicroKernels<A> kernels) {
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

    private record Subject(Kernel kernel, double operations) implements WarmUp.Subject {
        @Override
        public void touch() {
            kernel.call(0, false);
        }

        @Override
        public void exercise() {
            kernel.call(SHORT_SUM, true);
            kernel.call(LONG_SUM, false);
            kernel.call(SHORT_SUM, false);
        }

        @Override
        public double quickNanos() {
            return 3 * NANOS_PER_CALL + NANOS_PER_OPERATION * operations * (LONG_SUM + 3 * SHORT_SUM);
        }

        @Override
        public void warmed() {}
    }

    /** The kernels that multiply, tiles of two heights among them. */
    WarmUp multiplication() {
        return new WarmUp(List.of(
                packedTile(),
                tile(shape.rows(), 2),
                tile(shape.fewRows(), 2),
                row(TileShape.ROW_VECTORS),
                row(2),
                tile(shape.rows(), 1),
                tile(shape.fewRows(), 1),
                row(1),
                pack(2),
                pack(1)));
    }

    /** The kernels that transpose, and the other tiles. */
    WarmUp others() {
        int lanes = shape.lanes();
        double operations = (double) lanes * Integer.numberOfTrailingZeros(lanes) / (LONG_SUM + 3 * SHORT_SUM);
        Kernel transpose = (k, accumulate) -> kernels.transpose(b, 0, lanes, c, 0, lanes, lanes, blocks(k, accumulate));
        Kernel row = (k, accumulate) -> kernels.transposedRow(
                accumulate ? 1 : lanes, a, 0, b, 0, lanes, c, 0, blocks(k, accumulate), accumulate);
        WarmUp others = new WarmUp(List.of(new Subject(transpose, 4 * operations), new Subject(row, 6 * operations)));
        for (int vectors = TileShape.TILE_VECTORS; vectors > 0; vectors--) {
            for (int height : shape.heights()) {
                if (height != shape.rows() && height != shape.fewRows()) {
                    others.add(tile(height, vectors));
                }
            }
        }
        return others;
    }

    /** Whole blocks for the kernels that transpose, two or one or none. */
    private int blocks(int k, boolean accumulate) {
        return k == 0 ? 0 : accumulate ? 2 * shape.lanes() : shape.lanes();
    }

    private Subject packedTile() {
        int lanes = shape.lanes();
        int width = shape.widest();
        return new Subject(
                (k, accumulate) -> kernels.packedTile(a, 0, b, 0, c, 0, width, lanes, k, accumulate),
                shape.rows() * TileShape.TILE_VECTORS);
    }

    /** Of tiles the highest and the lowest that a kernel is for in turn: below its last row, it takes other branches. */
    private Subject tile(int height, int vectors) {
        int lanes = shape.lanes();
        int width = vectors * lanes;
        return new Subject(
                (k, accumulate) -> kernels.tile(
                        height,
                        (turn++ & 1) == 0 ? height : shape.fewest(height),
                        vectors,
                        a,
                        0,
                        TileShape.A_STRIDE,
                        1,
                        b,
                        0,
                        width,
                        lanes,
                        c,
                        0,
                        width,
                        lanes,
                        k,
                        accumulate),
                height * vectors);
    }

    private Subject pack(int vectors) {
        int rows = shape.rows();
        return new Subject(
                (k, accumulate) -> kernels.pack(vectors, b, 0, shape.lanes(), 0, c, 0, k == 0 ? 0 : rows),
                (double) vectors * rows / LONG_SUM);
    }

    private Subject row(int vectors) {
        int width = vectors * shape.lanes();
        return new Subject((k, accumulate) -> kernels.row(vectors, a, 0, 1, b, 0, width, c, 0, k, accumulate), vectors);
    }

    /** The loops around the kernels: every layout, whole and partial tiles, packed and unpacked. */
    void blocks(BlockedContraction<A> contraction) {
        int lanes = shape.lanes();
        int k = lanes + 3;
        int high = Math.max(2 * shape.rows(), 3 * lanes);
        int[] rows = {1, shape.fewRows() + 1, shape.rows() - 1, shape.rows() + 1, 2 * shape.rows(), high};
        int[] columns = {1, lanes - 1, 2 * lanes, 4 * lanes, 5 * lanes + 3};
        int most = shape.padded(columns[columns.length - 1]) * Math.max(k, high);
        A left = loops.allocate(most);
        A right = loops.allocate(most);
        A result = loops.allocate(most);
        Panels<A> panels = new Panels<>(loops.allocate(most), 0);
        for (int round = 0; round < BLOCK_ROUNDS; round++) {
            boolean accumulate = (round & 1) == 0;
            for (int m : rows) {
                for (int n : columns) {
                    Matrix<A> c = Matrix.ofRows(result, 0, n);
                    Matrix<A> rowsOfA = Matrix.ofRows(left, 0, k);
                    Matrix<A> rowsOfB = Matrix.ofRows(right, 0, n);
                    Matrix<A> columnsOfA = new Matrix<>(left, 0, 1, m);
                    Matrix<A> columnsOfB = new Matrix<>(right, 0, 1, k);
                    contraction.multiply(new MatrixProduct<>(m, k, n, rowsOfA, rowsOfB, c, accumulate));
                    contraction.multiply(new MatrixProduct<>(m, k, n, columnsOfA, columnsOfB, c, accumulate));
                    if ((round & 7) == 0) {
                        contraction.packing().pack(rowsOfB, k, n, panels);
                    }
                    contraction.multiply(new MatrixProduct<>(m, k, n, rowsOfA, panels, c, accumulate));
                }
            }
        }
    }
}

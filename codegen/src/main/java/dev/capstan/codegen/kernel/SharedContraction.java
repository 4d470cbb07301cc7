// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import dev.capstan.runtime.parallel.Workers;

/**
 * Products by several threads, if that pays. Each element of C is one thread's, and the same chain as ever.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class SharedContraction<A> {
    /** What several threads read is packed as a whole, so that they need not wait for one another in between. */
    private static final int MAX_SHARED_B = 1 << 21;
    /** More than one for each thread, in case one of them is late. */
    private static final int CHUNKS_A_THREAD = 4;
    /** Multiplications, at least, that pay for calling in other threads: 10 to 50 microseconds. */
    private static final long WORTH_SHARING = 1 << 21;
    /** Thinner products wait for memory, of which several threads get little more than one. */
    private static final int FEWEST_SHARED = 4;

    private final BlockedContraction<A> contraction;
    private final TileShape shape;
    private final Workers workers;

    SharedContraction(BlockedContraction<A> contraction, Workers workers) {
        this.contraction = contraction;
        this.shape = contraction.shape();
        this.workers = workers;
    }

    /** Multiplies on this thread, or on this one and others. */
    static <A> void multiply(BlockedContraction<A> contraction, MatrixProduct<A> product) {
        if (isWorthSharing(product) && Workers.shared().threads() > 1) {
            new SharedContraction<>(contraction, Workers.shared()).multiply(product);
        } else {
            contraction.multiply(product);
        }
    }

    private static boolean isWorthSharing(MatrixProduct<?> product) {
        return (long) product.m() * product.k() * product.n() >= WORTH_SHARING
                && Math.min(product.m(), product.n()) >= FEWEST_SHARED;
    }

    /** The product by all threads, whatever its size. */
    void multiply(MatrixProduct<A> product) {
        if (!(product.b() instanceof Matrix<A> b)) {
            multiplyRows(product);
        } else if (product.m() < 2 * shape.rows()) {
            multiplyColumns(product, b);
        } else {
            pack(product, b);
        }
    }

    private void multiplyRows(MatrixProduct<A> product) {
        int rows = chunk(product.m(), shape.rows());
        workers.forEach((product.m() + rows - 1) / rows, chunk -> {
            int i = chunk * rows;
            contraction.multiply(product.rows(i, Math.min(rows, product.m() - i)));
        });
    }

    private void multiplyColumns(MatrixProduct<A> product, Matrix<A> b) {
        int columns = chunk(product.n(), shape.widest());
        workers.forEach((product.n() + columns - 1) / columns, chunk -> {
            int j = chunk * columns;
            contraction.multiply(product.columns(b, j, Math.min(columns, product.n() - j)));
        });
    }

    /** Packs B, or as much of it as there is room for, and then divides the rows. */
    private void pack(MatrixProduct<A> product, Matrix<A> b) {
        PanelPacking<A> packing = contraction.packing();
        int k = product.k();
        int n = product.n();
        int blockK = PanelPacking.blockOfK(k);
        int blockN = Math.max(1, MAX_SHARED_B / k / shape.widest()) * shape.widest();
        Panels<A> panels = new Panels<>(contraction.scratch().panels(k * Math.min(blockN, shape.padded(n))), 0);
        for (int j = 0; j < n; j += blockN) {
            Matrix<A> block = b.from(0, j);
            int columns = Math.min(blockN, n - j);
            workers.forEach((k + blockK - 1) / blockK, chunk -> {
                int p = chunk * blockK;
                packing.packBlock(
                        block.from(p, 0), Math.min(blockK, k - p), columns, packing.block(panels, p, columns));
            });
            multiplyRows(product.columns(b, j, columns).with(panels));
        }
    }

    /** How many rows or columns a thread takes at a time: whole tiles. */
    private int chunk(int size, int tile) {
        int chunks = CHUNKS_A_THREAD * workers.threads();
        int tiles = (size + tile - 1) / tile;
        return (tiles + chunks - 1) / chunks * tile;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

/**
 * Matrix products by blocks and tiles (BLIS's way): panels of B and rows of A are packed so that a micro-kernel reads both in
 * order. What is not worth packing is multiplied as it lies, see {@link DirectContraction}.
 *
 * <p>Blocks bound the scratch memory: a block of A stays in the L2 cache, one of B in L3. A chain over k that crosses
 * blocks continues from C, where its value is exact, so blocks do not show in the result.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class BlockedContraction<A> {
    private static final int MAX_BLOCK_A = 1 << 16;
    private static final int MAX_BLOCK_B = 1 << 20;
    /** So many rows of C, narrower than a vector, stay in the L1 cache until they are transposed. */
    private static final int MAX_EXCHANGED = 1 << 8;

    private final TileShape shape;
    private final ArrayLoops<A> loops;
    private final MicroKernels<A> kernels;
    private final PanelPacking<A> packing;
    private final DirectContraction<A> direct;
    private final ThreadLocal<Scratch<A>> scratch;

    /**
     * @param kernels what multiplies
     * @param transposing what transposes, which may not be ready at the same time
     */
    BlockedContraction(TileShape shape, ArrayLoops<A> loops, MicroKernels<A> kernels, MicroKernels<A> transposing) {
        this.shape = shape;
        this.loops = loops;
        this.kernels = kernels;
        this.packing = new PanelPacking<>(shape, loops, kernels, transposing);
        this.direct = new DirectContraction<>(this, shape, loops, kernels, transposing);
        this.scratch = ThreadLocal.withInitial(() -> new Scratch<>(loops, shape));
    }

    TileShape shape() {
        return shape;
    }

    PanelPacking<A> packing() {
        return packing;
    }

    /** The buffers of the calling thread. */
    Scratch<A> scratch() {
        return scratch.get();
    }

    /** Computes a product on the calling thread. */
    void multiply(MatrixProduct<A> product) {
        if (product.isEmpty()) {
            clearUnlessAccumulated(product);
        } else if (product.b() instanceof Panels<A> panels) {
            multiplyPanels(product, panels);
        } else if (product.b() instanceof Strips<A> strips) {
            multiplyStrips(product, strips);
        } else if (product.b() instanceof Matrix<A> b) {
            multiply(product, b);
        }
    }

    private void clearUnlessAccumulated(MatrixProduct<A> product) {
        if (!product.accumulate()) {
            for (int i = 0; i < product.m(); i++) {
                int row = product.c().at(i, 0);
                loops.clear(product.c().array(), row, row + product.n());
            }
        }
    }

    private void multiply(MatrixProduct<A> product, Matrix<A> b) {
        int m = product.m();
        Matrix<A> c = product.c();
        if (product.n() == 1 && m > 1 && c.rowStride() == 1) {
            // a column of C is a row of its transpose, and the factors of a product may be exchanged
            Matrix<A> row = Matrix.ofRows(c.array(), c.offset(), m);
            multiply(new MatrixProduct<>(
                    1, product.k(), m, b.transposed(), product.a().transposed(), row, product.accumulate()));
        } else if (isHigh(product)) {
            multiplyExchanged(product, b);
        } else if (!direct.multiply(product, b)) {
            multiplyBlocks(product, b);
        }
    }

    /** Whether C is narrower than a vector and high enough, and A such, that the transposed product is quicker. */
    private boolean isHigh(MatrixProduct<A> product) {
        int lanes = shape.lanes();
        return product.n() < lanes
                && product.m() >= 2 * lanes
                && (product.a().rowStride() == 1 || 2 * product.n() <= lanes)
                && !product.accumulate();
    }

    /** A product by way of its transpose, which has whole vectors. */
    private void multiplyExchanged(MatrixProduct<A> product, Matrix<A> b) {
        int m = product.m();
        int n = product.n();
        for (int i = 0; i < m; i += MAX_EXCHANGED) {
            int rows = Math.min(MAX_EXCHANGED, m - i);
            Matrix<A> a = product.a().from(i, 0).transposed();
            // whole vectors are read of it
            Matrix<A> c = Matrix.ofRows(scratch().result((shape.lanes() + 1) * MAX_EXCHANGED), 0, rows);
            multiply(new MatrixProduct<>(n, product.k(), rows, b.transposed(), a, c, false), a);
            packing.copyNarrow(c.transposed(), rows, n, product.c().from(i, 0), (m - i) * n, scratch());
        }
    }

    private void multiplyStrips(MatrixProduct<A> product, Strips<A> strips) {
        int k = product.k();
        for (int j = 0; j < product.n(); ) {
            int width = Strips.nextWidth(product.n() - j);
            Matrix<A> strip = strips.strip(j, k, width);
            Matrix<A> c = product.c().from(0, j);
            multiply(new MatrixProduct<>(product.m(), k, width, product.a(), strip, c, product.accumulate()), strip);
            j += width;
        }
    }

    private void multiplyBlocks(MatrixProduct<A> product, Matrix<A> b) {
        int k = product.k();
        int n = product.n();
        int blockK = PanelPacking.blockOfK(k);
        int blockN = Math.max(1, MAX_BLOCK_B / blockK / shape.widest()) * shape.widest();
        Panels<A> panels = new Panels<>(scratch().panels(blockK * Math.min(blockN, shape.padded(n))), 0);
        for (int j = 0; j < n; j += blockN) {
            int columns = Math.min(blockN, n - j);
            for (int p = 0; p < k; p += blockK) {
                int sums = Math.min(blockK, k - p);
                packing.packBlock(b.from(p, j), sums, columns, panels);
                multiplyBlock(
                        new MatrixProduct<>(
                                product.m(),
                                sums,
                                columns,
                                product.a().from(0, p),
                                panels,
                                product.c().from(0, j),
                                product.accumulate() || p > 0),
                        panels);
            }
        }
    }

    private void multiplyPanels(MatrixProduct<A> product, Panels<A> panels) {
        int k = product.k();
        if (k <= TileShape.MAX_SUM) {
            multiplyBlock(product, panels);
            return;
        }
        int blockK = PanelPacking.blockOfK(k);
        for (int p = 0; p < k; p += blockK) {
            Panels<A> block = packing.block(panels, p, product.n());
            multiplyBlock(
                    new MatrixProduct<>(
                            product.m(),
                            Math.min(blockK, k - p),
                            product.n(),
                            product.a().from(0, p),
                            block,
                            product.c(),
                            product.accumulate() || p > 0),
                    block);
        }
    }

    /** The product with one packed block of B. */
    private void multiplyBlock(MatrixProduct<A> product, Panels<A> panels) {
        int m = product.m();
        if (shape.isFewRows(m)) {
            for (int i = 0; i < m; i++) {
                multiplyRow(product, i, panels);
            }
        } else if (direct.isInPlace(product.a(), m, product.k())) {
            multiplyTiles(product, product.a(), panels);
        } else {
            int blockM = MAX_BLOCK_A / TileShape.A_STRIDE / shape.rows() * shape.rows();
            for (int i = 0; i < m; i += blockM) {
                int rows = Math.min(blockM, m - i);
                Matrix<A> block = Matrix.ofRows(scratch().rows(rows * TileShape.A_STRIDE), 0, TileShape.A_STRIDE);
                packing.packRows(product.a().from(i, 0), rows, product.k(), block.array());
                multiplyTiles(product.rows(i, rows), block, panels);
            }
        }
    }

    /** Rows of A times a packed block of B; one panel of B stays in the L1 or L2 cache for all rows. */
    private void multiplyTiles(MatrixProduct<A> product, Matrix<A> a, Panels<A> panels) {
        if (product.n() < shape.lanes()) {
            multiplyNarrow(product, a, panels);
            return;
        }
        int m = product.m();
        int n = product.n();
        int k = product.k();
        boolean isPacked = a.rowStride() == TileShape.A_STRIDE && a.columnStride() == 1;
        A b = panels.array();
        A c = product.c().array();
        int cRowStride = product.c().rowStride();
        for (int j = 0; j < n; ) {
            int width = shape.nextWidth(n - j);
            int vectors = width / shape.lanes();
            int second = shape.second(n - j);
            int panel = panels.offset() + j * k;
            for (int i = 0; i < m; ) {
                int height = shape.nextHeight(m - i);
                int rows = Math.min(height, m - i);
                int target = product.c().at(i, j);
                if (isPacked && rows == shape.rows() && vectors == TileShape.TILE_VECTORS) {
                    kernels.packedTile(
                            a.array(), a.at(i, 0), b, panel, c, target, cRowStride, second, k, product.accumulate());
                } else {
                    kernels.tile(
                            height,
                            rows,
                            vectors,
                            a.array(),
                            a.at(i, 0),
                            a.rowStride(),
                            a.columnStride(),
                            b,
                            panel,
                            width,
                            shape.lanes(),
                            c,
                            target,
                            cRowStride,
                            second,
                            k,
                            product.accumulate());
                }
                i += rows;
            }
            j += width;
        }
    }

    /** The same where C is narrower than a vector and goes through a scratch tile. */
    private void multiplyNarrow(MatrixProduct<A> product, Matrix<A> a, Panels<A> panels) {
        int lanes = shape.lanes();
        int n = product.n();
        A c = product.c().array();
        int cRowStride = product.c().rowStride();
        A tile = scratch().tile();
        for (int i = 0; i < product.m(); ) {
            int height = shape.nextHeight(product.m() - i);
            int rows = Math.min(height, product.m() - i);
            int target = product.c().at(i, 0);
            if (product.accumulate()) {
                loops.copy(c, target, cRowStride, tile, 0, lanes, rows, n);
            }
            kernels.tile(
                    height,
                    rows,
                    1,
                    a.array(),
                    a.at(i, 0),
                    a.rowStride(),
                    a.columnStride(),
                    panels.array(),
                    panels.offset(),
                    lanes,
                    0,
                    tile,
                    0,
                    lanes,
                    0,
                    product.k(),
                    product.accumulate());
            loops.copy(tile, 0, lanes, c, target, cRowStride, rows, n);
            i += rows;
        }
    }

    /** One row of C from a packed block of B. */
    private void multiplyRow(MatrixProduct<A> product, int i, Panels<A> panels) {
        Matrix<A> a = product.a();
        multiplyRow(
                product.k(),
                product.n(),
                a.array(),
                a.at(i, 0),
                a.columnStride(),
                panels.array(),
                panels.offset(),
                product.c().array(),
                product.c().at(i, 0),
                product.accumulate());
    }

    /**
     * The same, of elements that lie behind one another in C. It makes no object, which would cost as much as the row of a
     * small product.
     *
     * @param k at most {@link TileShape#MAX_SUM}
     */
    void multiplyRow(
            int k,
            int n,
            A a,
            int aOffset,
            int aStride,
            A panels,
            int panelsOffset,
            A c,
            int cOffset,
            boolean accumulate) {
        int lanes = shape.lanes();
        for (int j = 0; j < n; ) {
            int width = shape.nextWidth(n - j);
            int vectors = shape.vectors(width);
            int panel = panelsOffset + j * k;
            int target = cOffset + j;
            if (n - j >= width) {
                kernels.row(vectors, a, aOffset, aStride, panels, panel, width, c, target, k, accumulate);
            } else {
                // through the scratch tile, in the panel's order of columns
                A tile = scratch().tile();
                int columns = Math.min(n, lanes);
                int last = n < lanes ? target : cOffset + n - lanes;
                if (accumulate) {
                    loops.copy(c, target, 0, tile, 0, 0, 1, columns);
                    loops.copy(c, last, 0, tile, width - lanes, 0, 1, columns);
                }
                kernels.row(vectors, a, aOffset, aStride, panels, panel, width, tile, 0, k, accumulate);
                loops.copy(tile, 0, 0, c, target, 0, 1, columns);
                loops.copy(tile, width - lanes, 0, c, last, 0, 1, columns);
            }
            j += width;
        }
    }
}

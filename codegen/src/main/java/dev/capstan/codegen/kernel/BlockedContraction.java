// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

/**
 * Matrix products by blocks and tiles (BLIS's way): panels of B and interleaved rows of A are packed so that a
 * micro-kernel reads both in order, and padded with zeros so that there is only one micro-kernel per tile width. Where C
 * has no room for a whole tile it goes through a scratch tile.
 *
 * <p>Blocks bound the scratch memory: a block of A stays in the L2 cache, one of B in L3. A chain over k that crosses
 * blocks continues from C, where its value is exact, so blocks do not show in the result.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class BlockedContraction<A> {
    private static final int MAX_BLOCK_A = 1 << 16;
    private static final int MAX_BLOCK_B = 1 << 20;

    private final TileShape shape;
    private final ArrayLoops<A> loops;
    private final MicroKernels<A> kernels;
    private final PanelPacking<A> packing;
    private final ThreadLocal<Scratch<A>> scratch;

    /**
     * @param kernels what multiplies
     * @param transposing what transposes, which may not be ready at the same time
     */
    BlockedContraction(TileShape shape, ArrayLoops<A> loops, MicroKernels<A> kernels, MicroKernels<A> transposing) {
        this.shape = shape;
        this.loops = loops;
        this.kernels = kernels;
        this.packing = new PanelPacking<>(shape, loops, transposing);
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
        int n = product.n();
        Matrix<A> a = product.a();
        Matrix<A> c = product.c();
        if (n == 1 && m > 1 && c.rowStride() == 1) {
            // a column of C is a row of its transpose, and the factors of a product may be exchanged
            multiply(new MatrixProduct<>(
                    1,
                    product.k(),
                    m,
                    b.transposed(),
                    a.transposed(),
                    Matrix.ofRows(c.array(), c.offset(), m),
                    product.accumulate()));
        } else if (m == shape.singleRows(m) && b.columnStride() == 1 && n >= shape.lanes()) {
            for (int i = 0; i < m; i++) {
                multiplyRow(product.rows(i, 1), b);
            }
        } else {
            multiplyBlocks(product, b);
        }
    }

    /** One row of C from B as it is. The last vector overlaps the one before it, which changes no bits. */
    private void multiplyRow(MatrixProduct<A> product, Matrix<A> b) {
        int lanes = shape.lanes();
        int n = product.n();
        int whole = n / lanes * lanes;
        int last = n - lanes;
        A c = product.c().array();
        int cOffset = product.c().offset();
        boolean accumulate = product.accumulate();
        if (whole < n && accumulate) {
            A tile = scratch().tile();
            loops.copy(c, cOffset + last, 0, tile, 0, 0, 1, lanes);
            row(product, 1, b.array(), b.offset() + last, b.rowStride(), tile, 0);
            loops.copy(tile, whole - last, 0, c, cOffset + whole, 0, 1, n - whole);
        } else if (whole < n) {
            row(product, 1, b.array(), b.offset() + last, b.rowStride(), c, cOffset + last);
        }
        for (int j = 0; j < whole; ) {
            int remaining = (whole - j) / lanes;
            int vectors = remaining >= TileShape.ROW_VECTORS ? TileShape.ROW_VECTORS : remaining >= 2 ? 2 : 1;
            row(product, vectors, b.array(), b.offset() + j, b.rowStride(), c, cOffset + j);
            j += vectors * lanes;
        }
    }

    private void row(MatrixProduct<A> product, int vectors, A b, int bOffset, int bRowStride, A c, int cOffset) {
        Matrix<A> a = product.a();
        kernels.row(
                vectors,
                a.array(),
                a.offset(),
                a.columnStride(),
                b,
                bOffset,
                bRowStride,
                c,
                cOffset,
                product.k(),
                product.accumulate());
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
        int tiled = product.m() - shape.singleRows(product.m());
        int blockM = MAX_BLOCK_A / TileShape.A_STRIDE / shape.rows() * shape.rows();
        for (int i = 0; i < tiled; i += blockM) {
            int rows = Math.min(blockM, tiled - i);
            // a tile may be higher than what is left: room for rows that hold no numbers of interest
            A block = scratch().rows((rows + shape.rows()) * TileShape.A_STRIDE);
            packing.packRows(product.a().from(i, 0), rows, product.k(), block);
            multiplyTiles(product.rows(i, rows), block, panels);
        }
        for (int i = tiled; i < product.m(); i++) {
            multiplyPackedRow(product.rows(i, 1), panels);
        }
    }

    /** Packed rows of A times a packed block of B; one panel of B stays in the L1 or L2 cache for all rows. */
    private void multiplyTiles(MatrixProduct<A> product, A rowsOfA, Panels<A> panels) {
        int m = product.m();
        int n = product.n();
        int k = product.k();
        boolean accumulate = product.accumulate();
        A c = product.c().array();
        int cRowStride = product.c().rowStride();
        A tile = scratch().tile();
        for (int j = 0; j < n; ) {
            int width = shape.nextWidth(n - j);
            int vectors = width / shape.lanes();
            int columns = Math.min(width, n - j);
            A b = panels.array();
            int panel = panels.offset() + j * k;
            for (int i = 0; i < m; ) {
                int rows = shape.nextRows(m - i);
                int row = i * TileShape.A_STRIDE;
                int target = product.c().at(i, j);
                if (columns == width && m - i >= rows) {
                    kernels.tile(rows, vectors, rowsOfA, row, b, panel, c, target, cRowStride, k, accumulate);
                } else {
                    int tileRows = Math.min(rows, m - i);
                    if (accumulate) {
                        loops.copy(c, target, cRowStride, tile, 0, width, tileRows, columns);
                    }
                    kernels.tile(rows, vectors, rowsOfA, row, b, panel, tile, 0, width, k, accumulate);
                    loops.copy(tile, 0, width, c, target, cRowStride, tileRows, columns);
                }
                i += rows;
            }
            j += width;
        }
    }

    /** One row of C from a packed block of B. */
    private void multiplyPackedRow(MatrixProduct<A> product, Panels<A> panels) {
        int n = product.n();
        A c = product.c().array();
        A tile = scratch().tile();
        for (int j = 0; j < n; ) {
            int width = shape.nextWidth(n - j);
            int vectors = width / shape.lanes();
            int columns = Math.min(width, n - j);
            int panel = panels.offset() + j * product.k();
            int target = product.c().at(0, j);
            if (columns == width) {
                row(product, vectors, panels.array(), panel, width, c, target);
            } else {
                if (product.accumulate()) {
                    loops.copy(c, target, 0, tile, 0, 0, 1, columns);
                }
                row(product, vectors, panels.array(), panel, width, tile, 0);
                loops.copy(tile, 0, 0, c, target, 0, 1, columns);
            }
            j += width;
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import dev.capstan.runtime.parallel.Workers;

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
    /** What several threads read is packed as a whole, so that they need not wait for one another in between. */
    private static final int MAX_SHARED_B = 1 << 21;
    /** More than one for each thread, in case one of them is late. */
    private static final int CHUNKS_A_THREAD = 4;

    /** Multiplications, at least, that pay for calling in other threads: 10 to 50 microseconds. */
    private static final long WORTH_SHARING = 1 << 21;

    /** Thinner products wait for memory, of which several threads get little more than one. */
    private static final int FEWEST_SHARED = 4;

    private final TileShape shape;
    private final ArrayLoops<A> loops;
    private final MicroKernels<A> kernels;
    private final MicroKernels<A> packing;
    private final ThreadLocal<Scratch<A>> scratch;

    /**
     * @param kernels what multiplies
     * @param packing what transposes, which may not be ready at the same time
     */
    BlockedContraction(TileShape shape, ArrayLoops<A> loops, MicroKernels<A> kernels, MicroKernels<A> packing) {
        this.shape = shape;
        this.loops = loops;
        this.kernels = kernels;
        this.packing = packing;
        this.scratch = ThreadLocal.withInitial(() -> new Scratch<>(loops, shape));
    }

    /** Buffers of one thread. They grow to what its products need, within the bounds of the blocks. */
    private static final class Scratch<A> {
        private final ArrayLoops<A> loops;
        private final A tile;
        private A blockOfA;
        private A blockOfB;

        Scratch(ArrayLoops<A> loops, TileShape shape) {
            this.loops = loops;
            this.tile = loops.allocate(shape.rows() * TileShape.TILE_VECTORS * shape.lanes());
            this.blockOfA = loops.allocate(0);
            this.blockOfB = loops.allocate(0);
        }

        A blockOfA(int length) {
            if (loops.length(blockOfA) < length) {
                blockOfA = loops.allocate(length);
            }
            return blockOfA;
        }

        A blockOfB(int length) {
            if (loops.length(blockOfB) < length) {
                blockOfB = loops.allocate(length);
            }
            return blockOfB;
        }
    }

    /** True if a product of this size is better computed by several threads. */
    static boolean isWorthSharing(int m, int k, int n) {
        return (long) m * k * n >= WORTH_SHARING && Math.min(m, n) >= FEWEST_SHARED;
    }

    /** Equal blocks of at most {@link #TileShape#MAX_SUM}: the size of all but the last. */
    private static int blockOfK(int k) {
        int blocks = (k + TileShape.MAX_SUM - 1) / TileShape.MAX_SUM;
        return (k + blocks - 1) / blocks;
    }

    void multiply(
            int m,
            int k,
            int n,
            A a,
            int aOffset,
            int aRowStride,
            int aColumnStride,
            A b,
            int bOffset,
            int bRowStride,
            int bColumnStride,
            A c,
            int cOffset,
            int cRowStride,
            boolean accumulate) {
        if (n == 1 && m > 1 && cRowStride == 1) {
            // a column of C is a row of its transpose, and the factors of a product may be exchanged
            multiply(
                    1,
                    k,
                    m,
                    b,
                    bOffset,
                    bColumnStride,
                    bRowStride,
                    a,
                    aOffset,
                    aColumnStride,
                    aRowStride,
                    c,
                    cOffset,
                    m,
                    accumulate);
        } else if (m == shape.singleRows(m) && bColumnStride == 1 && n >= shape.lanes()) {
            for (int i = 0; i < m; i++) {
                multiplyRow(
                        k,
                        n,
                        a,
                        aOffset + i * aRowStride,
                        aColumnStride,
                        b,
                        bOffset,
                        bRowStride,
                        c,
                        cOffset + i * cRowStride,
                        accumulate);
            }
        } else {
            multiplyBlocks(
                    m,
                    k,
                    n,
                    a,
                    aOffset,
                    aRowStride,
                    aColumnStride,
                    b,
                    bOffset,
                    bRowStride,
                    bColumnStride,
                    c,
                    cOffset,
                    cRowStride,
                    accumulate);
        }
    }

    /** The same by several threads. Each element of C is one thread's, and the same chain as ever. */
    void multiplyTogether(
            Workers workers,
            int m,
            int k,
            int n,
            A a,
            int aOffset,
            int aRowStride,
            int aColumnStride,
            A b,
            int bOffset,
            int bRowStride,
            int bColumnStride,
            A c,
            int cOffset,
            int cRowStride,
            boolean accumulate) {
        if (m < 2 * shape.rows()) {
            int columns = chunk(n, TileShape.TILE_VECTORS * shape.lanes(), workers);
            workers.forEach((n + columns - 1) / columns, chunk -> {
                int j = chunk * columns;
                multiply(
                        m,
                        k,
                        Math.min(columns, n - j),
                        a,
                        aOffset,
                        aRowStride,
                        aColumnStride,
                        b,
                        bOffset + j * bColumnStride,
                        bRowStride,
                        bColumnStride,
                        c,
                        cOffset + j,
                        cRowStride,
                        accumulate);
            });
            return;
        }
        int blockK = blockOfK(k);
        int widest = TileShape.TILE_VECTORS * shape.lanes();
        int blockN = Math.max(1, MAX_SHARED_B / k / widest) * widest;
        A panels = scratch.get().blockOfB(k * Math.min(blockN, shape.padded(n)));
        for (int j = 0; j < n; j += blockN) {
            int column = j;
            int columns = Math.min(blockN, n - j);
            workers.forEach((k + blockK - 1) / blockK, block -> {
                int p = block * blockK;
                packBlock(
                        b,
                        bOffset + p * bRowStride + column * bColumnStride,
                        bRowStride,
                        bColumnStride,
                        Math.min(blockK, k - p),
                        columns,
                        panels,
                        p * shape.padded(columns));
            });
            multiplyPackedTogether(
                    workers,
                    m,
                    k,
                    columns,
                    a,
                    aOffset,
                    aRowStride,
                    aColumnStride,
                    panels,
                    0,
                    c,
                    cOffset + j,
                    cRowStride,
                    accumulate);
        }
    }

    /** The product with a packed B by several threads, which divide the rows. */
    void multiplyPackedTogether(
            Workers workers,
            int m,
            int k,
            int n,
            A a,
            int aOffset,
            int aRowStride,
            int aColumnStride,
            A panels,
            int panelsOffset,
            A c,
            int cOffset,
            int cRowStride,
            boolean accumulate) {
        int rows = chunk(m, shape.rows(), workers);
        workers.forEach((m + rows - 1) / rows, chunk -> {
            int i = chunk * rows;
            multiplyPacked(
                    Math.min(rows, m - i),
                    k,
                    n,
                    a,
                    aOffset + i * aRowStride,
                    aRowStride,
                    aColumnStride,
                    panels,
                    panelsOffset,
                    c,
                    cOffset + i * cRowStride,
                    cRowStride,
                    accumulate);
        });
    }

    /** How many rows or columns a thread takes at a time: whole tiles. */
    private static int chunk(int size, int tile, Workers workers) {
        int chunks = CHUNKS_A_THREAD * workers.threads();
        int tiles = (size + tile - 1) / tile;
        return (tiles + chunks - 1) / chunks * tile;
    }

    /** One row of C from B as it is. The last vector overlaps the one before it, which changes no bits. */
    private void multiplyRow(
            int k,
            int n,
            A a,
            int aOffset,
            int aStride,
            A b,
            int bOffset,
            int bRowStride,
            A c,
            int cOffset,
            boolean accumulate) {
        int lanes = shape.lanes();
        int whole = n / lanes * lanes;
        int last = n - lanes;
        if (whole < n && accumulate) {
            A tile = scratch.get().tile;
            loops.copy(c, cOffset + last, 0, tile, 0, 0, 1, lanes);
            kernels.row(1, a, aOffset, aStride, b, bOffset + last, bRowStride, tile, 0, k, true);
            loops.copy(tile, whole - last, 0, c, cOffset + whole, 0, 1, n - whole);
        } else if (whole < n) {
            kernels.row(1, a, aOffset, aStride, b, bOffset + last, bRowStride, c, cOffset + last, k, false);
        }
        for (int j = 0; j < whole; ) {
            int remaining = (whole - j) / lanes;
            int vectors = remaining >= TileShape.ROW_VECTORS ? TileShape.ROW_VECTORS : remaining >= 2 ? 2 : 1;
            kernels.row(vectors, a, aOffset, aStride, b, bOffset + j, bRowStride, c, cOffset + j, k, accumulate);
            j += vectors * lanes;
        }
    }

    private void multiplyBlocks(
            int m,
            int k,
            int n,
            A a,
            int aOffset,
            int aRowStride,
            int aColumnStride,
            A b,
            int bOffset,
            int bRowStride,
            int bColumnStride,
            A c,
            int cOffset,
            int cRowStride,
            boolean accumulate) {
        int blockK = blockOfK(k);
        int widest = TileShape.TILE_VECTORS * shape.lanes();
        int blockN = Math.max(1, MAX_BLOCK_B / blockK / widest) * widest;
        Scratch<A> buffers = scratch.get();
        A panels = buffers.blockOfB(blockK * Math.min(blockN, shape.padded(n)));
        for (int j = 0; j < n; j += blockN) {
            int columns = Math.min(blockN, n - j);
            for (int p = 0; p < k; p += blockK) {
                int sums = Math.min(blockK, k - p);
                packBlock(
                        b,
                        bOffset + p * bRowStride + j * bColumnStride,
                        bRowStride,
                        bColumnStride,
                        sums,
                        columns,
                        panels,
                        0);
                multiplyBlock(
                        buffers,
                        m,
                        sums,
                        columns,
                        a,
                        aOffset + p * aColumnStride,
                        aRowStride,
                        aColumnStride,
                        panels,
                        0,
                        c,
                        cOffset + j,
                        cRowStride,
                        accumulate || p > 0);
            }
        }
    }

    int packedLength(int k, int n) {
        return Math.multiplyExact(k, shape.padded(n));
    }

    /** Packs all of B: block after block of k, and in each the panels from left to right. */
    void pack(A b, int bOffset, int bRowStride, int bColumnStride, int k, int n, A panels, int panelsOffset) {
        int blockK = k == 0 ? 1 : blockOfK(k);
        for (int p = 0; p < k; p += blockK) {
            packBlock(
                    b,
                    bOffset + p * bRowStride,
                    bRowStride,
                    bColumnStride,
                    Math.min(blockK, k - p),
                    n,
                    panels,
                    panelsOffset + p * shape.padded(n));
        }
    }

    private void packBlock(
            A b, int bOffset, int bRowStride, int bColumnStride, int k, int n, A panels, int panelsOffset) {
        for (int j = 0; j < n; ) {
            int width = shape.nextWidth(n - j);
            int columns = Math.min(width, n - j);
            int panel = panelsOffset + j * k;
            if (columns < width) {
                loops.clear(panels, panel, panel + k * width);
            }
            pack(b, bOffset + j * bColumnStride, bRowStride, bColumnStride, k, columns, panels, panel, width);
            j += width;
        }
    }

    /** Copies a matrix into one with adjacent columns, by blocks in registers where its rows are adjacent. */
    private void pack(
            A source,
            int offset,
            int rowStride,
            int columnStride,
            int rows,
            int columns,
            A target,
            int targetOffset,
            int targetStride) {
        int lanes = shape.lanes();
        if (rowStride != 1 || columnStride == 1 || rows < lanes || columns < lanes) {
            loops.pack(source, offset, rowStride, columnStride, rows, columns, target, targetOffset, targetStride);
            return;
        }
        int whole = rows / lanes * lanes;
        int column = 0;
        for (; column + lanes <= columns; column += lanes) {
            int from = offset + column * columnStride;
            int to = targetOffset + column;
            packing.transpose(source, from, columnStride, target, to, targetStride, whole);
            if (whole < rows) {
                // the last block overlaps the one before it
                int row = rows - lanes;
                packing.transpose(
                        source, from + row, columnStride, target, to + row * targetStride, targetStride, lanes);
            }
        }
        if (column < columns) {
            loops.pack(
                    source,
                    offset + column * columnStride,
                    1,
                    columnStride,
                    rows,
                    columns - column,
                    target,
                    targetOffset + column,
                    targetStride);
        }
    }

    void multiplyPacked(
            int m,
            int k,
            int n,
            A a,
            int aOffset,
            int aRowStride,
            int aColumnStride,
            A panels,
            int panelsOffset,
            A c,
            int cOffset,
            int cRowStride,
            boolean accumulate) {
        int blockK = blockOfK(k);
        Scratch<A> buffers = scratch.get();
        for (int p = 0; p < k; p += blockK) {
            multiplyBlock(
                    buffers,
                    m,
                    Math.min(blockK, k - p),
                    n,
                    a,
                    aOffset + p * aColumnStride,
                    aRowStride,
                    aColumnStride,
                    panels,
                    panelsOffset + p * shape.padded(n),
                    c,
                    cOffset,
                    cRowStride,
                    accumulate || p > 0);
        }
    }

    /** The product with one packed block of B. */
    private void multiplyBlock(
            Scratch<A> buffers,
            int m,
            int k,
            int n,
            A a,
            int aOffset,
            int aRowStride,
            int aColumnStride,
            A panels,
            int panelsOffset,
            A c,
            int cOffset,
            int cRowStride,
            boolean accumulate) {
        int tiled = m - shape.singleRows(m);
        int blockM = MAX_BLOCK_A / TileShape.A_STRIDE / shape.rows() * shape.rows();
        for (int i = 0; i < tiled; i += blockM) {
            int blockRows = Math.min(blockM, tiled - i);
            // a tile may be higher than what is left: room for rows that hold no numbers of interest
            A block = buffers.blockOfA((blockRows + shape.rows()) * TileShape.A_STRIDE);
            pack(a, aOffset + i * aRowStride, aRowStride, aColumnStride, blockRows, k, block, 0, TileShape.A_STRIDE);
            multiplyTiles(
                    buffers.tile,
                    blockRows,
                    k,
                    n,
                    block,
                    panels,
                    panelsOffset,
                    c,
                    cOffset + i * cRowStride,
                    cRowStride,
                    accumulate);
        }
        for (int i = tiled; i < m; i++) {
            multiplyPackedRow(
                    buffers.tile,
                    k,
                    n,
                    a,
                    aOffset + i * aRowStride,
                    aColumnStride,
                    panels,
                    panelsOffset,
                    c,
                    cOffset + i * cRowStride,
                    accumulate);
        }
    }

    /** Packed rows of A times a packed block of B; one panel of B stays in the L1 or L2 cache for all rows. */
    private void multiplyTiles(
            A tile,
            int m,
            int k,
            int n,
            A rowsOfA,
            A panels,
            int panelsOffset,
            A c,
            int cOffset,
            int cRowStride,
            boolean accumulate) {
        for (int j = 0; j < n; ) {
            int width = shape.nextWidth(n - j);
            int vectors = width / shape.lanes();
            int columns = Math.min(width, n - j);
            int panel = panelsOffset + j * k;
            for (int i = 0; i < m; ) {
                int rows = shape.nextRows(m - i);
                int target = cOffset + i * cRowStride + j;
                if (columns == width && m - i >= rows) {
                    kernels.tile(
                            rows,
                            vectors,
                            rowsOfA,
                            i * TileShape.A_STRIDE,
                            panels,
                            panel,
                            c,
                            target,
                            cRowStride,
                            k,
                            accumulate);
                } else {
                    int tileRows = Math.min(rows, m - i);
                    if (accumulate) {
                        loops.copy(c, target, cRowStride, tile, 0, width, tileRows, columns);
                    }
                    kernels.tile(
                            rows,
                            vectors,
                            rowsOfA,
                            i * TileShape.A_STRIDE,
                            panels,
                            panel,
                            tile,
                            0,
                            width,
                            k,
                            accumulate);
                    loops.copy(tile, 0, width, c, target, cRowStride, tileRows, columns);
                }
                i += rows;
            }
            j += width;
        }
    }

    /** One row of C from a packed block of B. */
    private void multiplyPackedRow(
            A tile,
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
        for (int j = 0; j < n; ) {
            int width = shape.nextWidth(n - j);
            int vectors = width / shape.lanes();
            int columns = Math.min(width, n - j);
            int panel = panelsOffset + j * k;
            if (columns == width) {
                kernels.row(vectors, a, aOffset, aStride, panels, panel, width, c, cOffset + j, k, accumulate);
            } else {
                if (accumulate) {
                    loops.copy(c, cOffset + j, 0, tile, 0, 0, 1, columns);
                }
                kernels.row(vectors, a, aOffset, aStride, panels, panel, width, tile, 0, k, accumulate);
                loops.copy(tile, 0, 0, c, cOffset + j, 0, 1, columns);
            }
            j += width;
        }
    }
}

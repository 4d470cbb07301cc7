// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

/**
 * Copies factors into the order in which micro-kernels read them: A into rows at a fixed distance, B into panels as wide as
 * tiles. The last vector of a panel overlaps the one before it; what is narrower than a vector is padded with zeros. B is packed block after block of k, and in each block the panels from left to right.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class PanelPacking<A> {
    private final TileShape shape;
    private final ArrayLoops<A> loops;
    private final MicroKernels<A> kernels;
    private final MicroKernels<A> transposing;

    /**
     * @param kernels what copies rows
     * @param transposing what transposes, which may not be ready at the same time
     */
    PanelPacking(TileShape shape, ArrayLoops<A> loops, MicroKernels<A> kernels, MicroKernels<A> transposing) {
        this.shape = shape;
        this.loops = loops;
        this.kernels = kernels;
        this.transposing = transposing;
    }

    /** Equal blocks of at most {@link TileShape#MAX_SUM}: the size of all but the last. */
    static int blockOfK(int k) {
        int blocks = Math.max(1, (k + TileShape.MAX_SUM - 1) / TileShape.MAX_SUM);
        return Math.max(1, (k + blocks - 1) / blocks);
    }

    /** How many elements a packed B takes. */
    int length(int k, int n) {
        return Math.multiplyExact(k, shape.padded(n));
    }

    /** Where the block of k that begins with row p is. */
    Panels<A> block(Panels<A> panels, int p, int n) {
        return new Panels<>(panels.array(), panels.offset() + p * shape.padded(n));
    }

    /** Packs all of B. */
    void pack(Matrix<A> b, int k, int n, Panels<A> panels) {
        int blockK = blockOfK(k);
        for (int p = 0; p < k; p += blockK) {
            packBlock(b.from(p, 0), Math.min(blockK, k - p), n, block(panels, p, n));
        }
    }

    /** Copies all of B in strips. */
    void copy(Matrix<A> b, int k, int n, Strips<A> strips) {
        for (int j = 0; j < n; ) {
            int width = Strips.nextWidth(n - j);
            Matrix<A> strip = strips.strip(j, k, width);
            copy(b.from(0, j), k, width, strip.array(), strip.offset(), width);
            j += width;
        }
    }

    /** Packs one block of B, of at most {@link TileShape#MAX_SUM} rows. */
    void packBlock(Matrix<A> b, int k, int n, Panels<A> panels) {
        int lanes = shape.lanes();
        for (int j = 0; j < n; ) {
            int width = shape.nextWidth(n - j);
            int panel = panels.offset() + j * k;
            if (b.columnStride() == 1 && n >= lanes) {
                int second = shape.second(n - j);
                kernels.pack(width / lanes, b.array(), b.at(0, j), b.rowStride(), second, panels.array(), panel, k);
            } else if (n - j >= width) {
                copy(b.from(0, j), k, width, panels.array(), panel, width);
            } else if (n < lanes) {
                loops.clear(panels.array(), panel, panel + k * width);
                copy(b, k, n, panels.array(), panel, width);
            } else {
                copy(b.from(0, j), k, lanes, panels.array(), panel, width);
                copy(b.from(0, n - lanes), k, lanes, panels.array(), panel + lanes, width);
            }
            j += width;
        }
    }

    /** Packs rows of A, of at most {@link TileShape#MAX_SUM} columns. */
    void packRows(Matrix<A> a, int m, int k, A rows) {
        copy(a, m, k, rows, 0, TileShape.A_STRIDE);
    }

    /** Copies a matrix into one with adjacent columns, by blocks in registers where its rows are adjacent. */
    void copy(Matrix<A> source, int rows, int columns, A target, int targetOffset, int targetStride) {
        int lanes = shape.lanes();
        int column = 0;
        if (source.rowStride() == 1 && source.columnStride() != 1 && rows >= lanes) {
            int whole = rows / lanes * lanes;
            for (; column + lanes <= columns; column += lanes) {
                int to = targetOffset + column;
                transpose(source.from(0, column), target, to, targetStride, whole);
                if (whole < rows) {
                    // the last block overlaps the one before it
                    int row = rows - lanes;
                    transpose(source.from(row, column), target, to + row * targetStride, targetStride, lanes);
                }
            }
        }
        if (column < columns) {
            loops.pack(source.from(0, column), rows, columns - column, target, targetOffset + column, targetStride);
        }
    }

    private void transpose(Matrix<A> source, A target, int targetOffset, int targetStride, int rows) {
        transpose(source, target, targetOffset, targetStride, shape.lanes(), rows);
    }

    private void transpose(Matrix<A> source, A target, int targetOffset, int targetStride, int columns, int rows) {
        transposing.transpose(
                source.array(),
                source.offset(),
                source.columnStride(),
                target,
                targetOffset,
                targetStride,
                columns,
                rows);
    }

    /**
     * Copies a matrix that is narrower than a vector from one with adjacent rows, in which there are as many columns as a
     * vector has lanes.
     *
     * @param room how many elements of the target, from its first, may be written before all that follow have been
     */
    void copyNarrow(Matrix<A> source, int rows, int columns, Matrix<A> target, int room, Scratch<A> scratch) {
        if (target.rowStride() != columns) {
            copy(source, rows, columns, target.array(), target.offset(), target.rowStride());
            return;
        }
        int lanes = shape.lanes();
        int fitting = Math.min(rows, (room - lanes) / columns + 1) / lanes * lanes;
        transpose(source, target.array(), target.offset(), columns, columns, fitting);
        for (int row = fitting; row < rows; row += lanes) {
            A tile = scratch.tile();
            int count = Math.min(lanes, rows - row);
            transpose(source.from(row, 0), tile, 0, columns, columns, lanes);
            loops.copy(tile, 0, 0, target.array(), target.at(row, 0), 0, 1, count * columns);
        }
    }
}

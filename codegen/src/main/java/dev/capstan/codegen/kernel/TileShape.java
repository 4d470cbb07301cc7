// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import dev.capstan.codegen.tree.Primitive;
import java.util.stream.IntStream;

/**
 * The shapes of the tiles of C that micro-kernels hold in registers: {@code rows} or, for the remaining rows, fewer, times
 * one or two vectors.
 *
 * @param lanes elements of a vector, a power of two
 * @param rows rows of a tile
 * @param fewRows rows of the lowest tile, a divisor of {@code rows}
 * @param hasBetween whether there are tiles of other heights between these
 */
record TileShape(int lanes, int rows, int fewRows, boolean hasBetween) {
    /** Vectors of the widest tile. A vector of B that crosses cache lines costs two loads, so tiles are high, not wide. */
    static final int TILE_VECTORS = 2;

    /** The longest sum of one tile; longer chains continue from C. */
    static final int MAX_SUM = 256;

    /** The distance of packed rows of A, a constant for the sake of addressing, and no power of two for that of caches. */
    static final int A_STRIDE = MAX_SUM + 16;

    /** By which one height of a tile differs from the next. */
    private static final int STEP = 2;

    /** Vectors of the widest part of a single row: independent chains hide the latency of the FMA. */
    static final int ROW_VECTORS = 4;

    /** The shape for the registers there are: 12 x 2 accumulators need 32 of them, 6 x 2 need 16. */
    static TileShape of(VectorWidth width, Primitive element) {
        boolean manyRegisters =
                width.bits() == 512 || System.getProperty("os.arch").equals("aarch64");
        int lanes = width.lanes(element);
        return manyRegisters ? new TileShape(lanes, 12, 4, true) : new TileShape(lanes, 6, 2, true);
    }

    /** The shape for scalar loops: wide enough to pay for starting a loop. */
    static TileShape scalar() {
        return new TileShape(16, 12, 4, true);
    }

    /** The same with tiles of the most and of the fewest rows only. */
    TileShape withTwoHeights() {
        return new TileShape(lanes, rows, fewRows, false);
    }

    /** The heights of tiles, the highest first. */
    int[] heights() {
        return hasBetween
                ? IntStream.iterate(rows, height -> height >= fewRows, height -> height - STEP)
                        .toArray()
                : new int[] {rows, fewRows};
    }

    /** The fewest rows of C that a tile of that height is for. */
    int fewest(int height) {
        return height == fewRows ? 1 : height - STEP + 1;
    }

    /**
     * The height of the tile at the top of so many remaining rows, which may be fewer. The last two tiles are about of one
     * height, where there are tiles between the highest and the lowest.
     */
    int nextHeight(int remaining) {
        if (remaining >= (hasBetween ? 2 * rows : fewest(rows))) {
            return rows;
        }
        if (!hasBetween) {
            return fewRows;
        }
        int even = remaining > rows ? (remaining + 1) / 2 : remaining;
        return Math.max(fewRows, (even + STEP - 1) / STEP * STEP);
    }

    /** Whether so few rows of C are quicker one by one than as a tile that is higher than they are. */
    boolean isFewRows(int m) {
        return m <= fewRows / 2;
    }

    /** Columns of the widest tile. */
    int widest() {
        return TILE_VECTORS * lanes;
    }

    /** How many vectors hold {@code columns} columns. */
    int vectors(int columns) {
        // a product of one small row takes little longer than a division
        return (columns + lanes - 1) >> Integer.numberOfTrailingZeros(lanes);
    }

    /** Columns including the padding to whole vectors. */
    int padded(int columns) {
        return vectors(columns) * lanes;
    }

    /**
     * Columns of the panel of B at the left of so many remaining columns. Only the first can be a single vector, so that the
     * last vector has another beside it, which it may overlap.
     */
    int nextWidth(int remaining) {
        return vectors(remaining) % TILE_VECTORS == 0 ? TILE_VECTORS * lanes : lanes;
    }

    /** Where the second vector of the tile at the left of so many remaining columns begins. */
    int second(int remaining) {
        return Math.min(lanes, remaining - lanes);
    }
}

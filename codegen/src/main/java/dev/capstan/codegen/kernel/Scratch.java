// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

/**
 * Buffers of one thread. They grow to what its products need, within the bounds of the blocks.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class Scratch<A> {
    private final ArrayLoops<A> loops;
    private final A tile;
    private A rows;
    private A panels;
    private A result;

    Scratch(ArrayLoops<A> loops, TileShape shape) {
        this.loops = loops;
        this.tile = loops.allocate(shape.rows() * TileShape.TILE_VECTORS * shape.lanes());
        this.rows = loops.allocate(0);
        this.panels = loops.allocate(0);
        this.result = loops.allocate(0);
    }

    /** Room for a tile of C. */
    A tile() {
        return tile;
    }

    /** Room for packed rows of A. */
    A rows(int length) {
        if (loops.length(rows) < length) {
            rows = loops.allocate(length);
        }
        return rows;
    }

    /** Room for panels of B. */
    A panels(int length) {
        if (loops.length(panels) < length) {
            panels = loops.allocate(length);
        }
        return panels;
    }

    /** Room for a part of C in another order. */
    A result(int length) {
        if (loops.length(result) < length) {
            result = loops.allocate(length);
        }
        return result;
    }
}

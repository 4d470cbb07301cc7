// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.kernel.ReductionKernel;
import dev.capstan.runtime.type.DType;

/**
 * Computes many results side by side, for results that lie together: each lane and each pending block is a row of values,
 * and combining is a step of a block program.
 */
final class ColumnReduction {
    /** Results side by side; 32 lanes of so many float32 fill a first-level cache of 32 KB. */
    private static final int WIDTH = 256;

    private final ReductionKernel kernel;
    private final BlockProgram map;
    private final Object[] arrays;
    private final Traversal over;
    private final Traversal kept;
    private final Blocks blocks = Blocks.own();
    private final Object[] slots;
    private final DType state;
    private final Primitive combine;
    private final Object identity;
    private final Object[] lanes = new Object[Fold.LANES];
    private final Object[] pending = new Object[Fold.MOST_PENDING];

    ColumnReduction(PreparedReduction reduction, Object[] arrays, Traversal over, Traversal kept) {
        this.kernel = reduction.kernel();
        this.map = reduction.map();
        this.arrays = arrays;
        this.over = over;
        this.kept = kept;
        this.slots = map.slots(arrays);
        this.state = kernel.state();
        this.combine = kernel.combine();
        this.identity = Blocks.constant(state, bits(state, kernel.identity()));
    }

    private static long bits(DType type, double value) {
        return type.isFloating() ? Double.doubleToRawLongBits(value) : (long) value;
    }

    /** Writes all results, one after the other from a position on. */
    void run(Object target, int position) {
        int columns = kept.columns();
        int rows = kept.rows();
        int width = Math.min(WIDTH, columns);
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = blocks.row(state, i);
        }
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column += width) {
                int index = row * columns + column;
                int count = Math.min(width, columns - column);
                Object result = reduce(index, count);
                StridedCopy.copy(result, 0, 0, 1, target, position + index, 0, 1, 1, count);
            }
        }
    }

    private Object reduce(int index, int count) {
        int elements = over.rows() * over.columns();
        int done = 0;
        int full = 0;
        while (done < elements) {
            int size = Math.min(Fold.BLOCK, elements - done);
            for (int i = 0; i < size; i++) {
                Object lane = lanes[i % Fold.LANES];
                Object before = i < Fold.LANES ? identity : lane;
                Step.execute(combine, state, before, values(done + i, index, count), null, lane, 0, count);
            }
            combineLanes(Math.min(size, Fold.LANES), count);
            done += size;
            int level = Integer.numberOfTrailingZeros(~full);
            for (int i = 0; i < level; i++) {
                Step.execute(combine, state, pending[i], lanes[0], null, lanes[0], 0, count);
            }
            // the block's result stays pending, and the row that was there serves as a lane
            Object spare = pending[level] == null ? blocks.row(state, Fold.LANES + level) : pending[level];
            pending[level] = lanes[0];
            lanes[0] = spare;
            full++;
        }
        Object result = null;
        for (int level = 0; full >> level != 0; level++) {
            if ((full >> level & 1) != 0) {
                if (result != null) {
                    Step.execute(combine, state, pending[level], result, null, result, 0, count);
                } else {
                    result = pending[level];
                }
            }
        }
        return result;
    }

    /** The tree over the lanes; those that were not touched hold the identity, which changes nothing. */
    private void combineLanes(int touched, int count) {
        for (int half = Fold.LANES / 2; half > 0; half /= 2) {
            for (int i = 0; i + half < Math.min(touched, 2 * half); i++) {
                Step.execute(combine, state, lanes[i], lanes[i + half], null, lanes[i], 0, count);
            }
        }
    }

    /** The mapped values of one reduced index for some results. */
    private Object values(int reducedIndex, int index, int count) {
        for (int i = 0; i < arrays.length; i++) {
            slots[i] = map.buffer(i, blocks);
            int position = kept.offset(i) + kept.position(i, index) + over.position(i, reducedIndex);
            StridedCopy.copy(arrays[i], position, 0, kept.columnStride(i), slots[i], 0, 0, 1, 1, count);
        }
        slots[arrays.length] = map.buffer(arrays.length, blocks);
        map.execute(slots, 0, count);
        return slots[map.source(0)];
    }
}

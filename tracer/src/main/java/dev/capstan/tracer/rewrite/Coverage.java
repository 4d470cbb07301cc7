// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.runtime.type.Layout;
import java.util.BitSet;
import java.util.function.IntBinaryOperator;

/** A set of positions of an array, filled and asked by layouts. */
public final class Coverage {
    private final BitSet positions = new BitSet();

    /** Adds the positions of a layout's elements. */
    public void add(Layout layout) {
        everyRun(layout, (from, to) -> {
            positions.set(from, to);
            return 1;
        });
    }

    /** True if none of a layout's elements is at a position of this set. */
    public boolean isDisjoint(Layout layout) {
        return everyRun(layout, (from, to) -> {
            int next = positions.nextSetBit(from);
            return next < 0 || next >= to ? 1 : 0;
        });
    }

    /** True if all of a layout's elements are at positions of this set. */
    public boolean contains(Layout layout) {
        return everyRun(layout, (from, to) -> positions.nextClearBit(from) >= to ? 1 : 0);
    }

    /** Calls a test with each run of adjacent positions, from and to (exclusive), until it gives 0. */
    private static boolean everyRun(Layout layout, IntBinaryOperator test) {
        Layout compact = LayoutAlgebra.compact(layout);
        return compact.shape().elements() == 0 || everyRun(compact, 0, compact.offset(), test);
    }

    private static boolean everyRun(Layout layout, int dimension, int position, IntBinaryOperator test) {
        int rank = layout.shape().rank();
        if (dimension == rank) {
            return test.applyAsInt(position, position + 1) != 0;
        }
        int size = layout.shape().size(dimension);
        int stride = layout.stride(dimension);
        if (stride == 0) {
            return everyRun(layout, dimension + 1, position, test);
        }
        if (dimension == rank - 1 && stride == 1) {
            return test.applyAsInt(position, position + size) != 0;
        }
        for (int i = 0; i < size; i++) {
            if (!everyRun(layout, dimension + 1, position + i * stride, test)) {
                return false;
            }
        }
        return true;
    }
}

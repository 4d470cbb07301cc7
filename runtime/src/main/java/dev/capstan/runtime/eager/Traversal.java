// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.Arrays;

/**
 * A joint traversal of operands of one shape, in as few dimensions as their strides allow: dimensions of size 1 are left
 * out, and neighbours that all operands cross with a uniform step are merged. The last dimension is called the columns,
 * all others together the rows.
 */
final class Traversal {
    private final int rank;
    private final int pitch;
    private final int[] sizes;
    private final int[] offsets;
    private final int[] strides;

    private Traversal(int rank, int pitch, int[] sizes, int[] offsets, int[] strides) {
        this.rank = rank;
        this.pitch = pitch;
        this.sizes = sizes;
        this.offsets = offsets;
        this.strides = strides;
    }

    /** The traversal of the elements of inputs, then outputs, in an order that suits the first output. */
    static Traversal of(NdArray[] inputs, NdArray[] outputs) {
        Layout[] layouts = new Layout[inputs.length + outputs.length];
        for (int i = 0; i < layouts.length; i++) {
            layouts[i] = (i < inputs.length ? inputs[i] : outputs[i - inputs.length]).layout();
        }
        Shape shape = outputs[0].shape();
        Layout guide = outputs[0].layout();
        int[] dimensions = new int[shape.rank()];
        for (int i = 0; i < dimensions.length; i++) {
            int at = i;
            while (at > 0 && !guide.isContiguous() && step(guide, dimensions[at - 1]) < step(guide, i)) {
                dimensions[at] = dimensions[--at];
            }
            dimensions[at] = i;
        }
        return of(layouts, dimensions);
    }

    private static int step(Layout layout, int dimension) {
        return Math.abs(layout.stride(dimension));
    }

    /** The traversal of operands that all are contiguous. */
    static Traversal contiguous(int[] offsets, int elements) {
        int[] strides = new int[offsets.length];
        Arrays.fill(strides, 1);
        return new Traversal(1, 1, new int[] {elements}, offsets, strides);
    }

    /** The traversal of some dimensions, the first outermost; the others stay at index 0. Needs at least one layout. */
    static Traversal of(Layout[] layouts, int[] dimensions) {
        int pitch = Math.max(dimensions.length, 1);
        int[] sizes = new int[pitch];
        int[] offsets = new int[layouts.length];
        int[] strides = new int[layouts.length * pitch];
        for (int i = 0; i < layouts.length; i++) {
            offsets[i] = layouts[i].offset();
        }
        int rank = 0;
        for (int dimension : dimensions) {
            int size = layouts[0].shape().size(dimension);
            if (size == 1) {
                continue;
            }
            if (rank > 0 && continues(layouts, dimension, size, strides, pitch, rank - 1)) {
                rank--;
                sizes[rank] *= size;
            } else {
                sizes[rank] = size;
            }
            for (int i = 0; i < layouts.length; i++) {
                strides[i * pitch + rank] = layouts[i].stride(dimension);
            }
            rank++;
        }
        if (rank == 0) {
            rank = 1;
            sizes[0] = 1;
            for (int i = 0; i < layouts.length; i++) {
                strides[i * pitch] = 1;
            }
        }
        return new Traversal(rank, pitch, sizes, offsets, strides);
    }

    private static boolean continues(
            Layout[] layouts, int dimension, int size, int[] strides, int pitch, int previous) {
        for (int i = 0; i < layouts.length; i++) {
            if (strides[i * pitch + previous] != layouts[i].stride(dimension) * size) {
                return false;
            }
        }
        return true;
    }

    int operands() {
        return offsets.length;
    }

    int rank() {
        return rank;
    }

    int size(int dimension) {
        return sizes[dimension];
    }

    int columns() {
        return sizes[rank - 1];
    }

    int rows() {
        int rows = 1;
        for (int i = 0; i < rank - 1; i++) {
            rows *= sizes[i];
        }
        return rows;
    }

    int stride(int operand, int dimension) {
        return strides[operand * pitch + dimension];
    }

    int columnStride(int operand) {
        return strides[operand * pitch + rank - 1];
    }

    int offset(int operand) {
        return offsets[operand];
    }

    /** Position of a row's first element in an operand's array, relative to its offset. */
    int row(int operand, int row) {
        int position = 0;
        int rest = row;
        for (int i = rank - 2; i > 0 && rest > 0; i--) {
            position += rest % sizes[i] * strides[operand * pitch + i];
            rest /= sizes[i];
        }
        return rank > 1 ? position + rest * strides[operand * pitch] : position;
    }

    /** Position of an element, counted in the order of the traversal, in an operand's array, relative to its offset. */
    int position(int operand, int index) {
        if (rank == 1) {
            return index * strides[operand * pitch];
        }
        int columns = columns();
        return row(operand, index / columns) + index % columns * columnStride(operand);
    }

    /** Copies {@code count} elements of an operand, from the one at {@code index} on, to the beginning of a block. */
    void load(int operand, Object array, int offset, int index, int count, Object block) {
        if (isDense(operand)) {
            StridedCopy.copy(array, offset + index, 0, 1, block, 0, 0, 1, 1, count);
            return;
        }
        int columns = columns();
        int step = columnStride(operand);
        int done = 0;
        while (done < count) {
            int at = index + done;
            int position = offset + position(operand, at);
            int rows = wholeRows(at, count - done);
            if (rows == 0) {
                int part = Math.min(count - done, columns - at % columns);
                StridedCopy.copy(array, position, 0, step, block, done, 0, 1, 1, part);
                done += part;
            } else {
                int rowStep = stride(operand, rank - 2);
                StridedCopy.copy(array, position, rowStep, step, block, done, columns, 1, rows, columns);
                done += rows * columns;
            }
        }
    }

    /** Copies a block to {@code count} elements of an operand, from the one at {@code index} on. */
    void store(int operand, Object array, int offset, int index, int count, Object block) {
        if (isDense(operand)) {
            StridedCopy.copy(block, 0, 0, 1, array, offset + index, 0, 1, 1, count);
            return;
        }
        int columns = columns();
        int step = columnStride(operand);
        int done = 0;
        while (done < count) {
            int at = index + done;
            int position = offset + position(operand, at);
            int rows = wholeRows(at, count - done);
            if (rows == 0) {
                int part = Math.min(count - done, columns - at % columns);
                StridedCopy.copy(block, done, 0, 1, array, position, 0, step, 1, part);
                done += part;
            } else {
                int rowStep = stride(operand, rank - 2);
                StridedCopy.copy(block, done, columns, 1, array, position, rowStep, step, rows, columns);
                done += rows * columns;
            }
        }
    }

    /** How many whole rows, with a uniform step between them, lie among {@code count} elements from an index on. */
    private int wholeRows(int index, int count) {
        int columns = columns();
        if (rank == 1 || count < columns || index % columns != 0) {
            return 0;
        }
        int period = sizes[rank - 2];
        return Math.min(count / columns, period - index / columns % period);
    }

    /** True if the operand's elements lie one after the other in the order of the traversal. */
    boolean isDense(int operand) {
        int step = 1;
        for (int i = rank - 1; i >= 0; i--) {
            if (strides[operand * pitch + i] != step) {
                return false;
            }
            step *= sizes[i];
        }
        return true;
    }

    /** True if the operand is one element throughout. */
    boolean isConstant(int operand) {
        return isPeriodic(operand) && columnStride(operand) == 0;
    }

    /** True if the operand is the same in every row. */
    boolean isPeriodic(int operand) {
        for (int i = 0; i < rank - 1; i++) {
            if (strides[operand * pitch + i] != 0) {
                return false;
            }
        }
        return true;
    }
}

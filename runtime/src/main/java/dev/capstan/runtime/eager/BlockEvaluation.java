// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import java.util.Arrays;

/**
 * One run of a {@link BlockProgram} over a {@link Traversal}. A block is a part of one row, or several whole rows; its elements
 * are at 0, 1, ... of every slot. That C2 sees one index for all arrays is worth the copy of a block that lies elsewhere:
 * with different offsets it does not vectorise the loops.
 */
final class BlockEvaluation {
    private final BlockProgram program;
    private final Traversal traversal;
    private final Object[] arrays;
    private final Blocks blocks = Blocks.own();
    private final Object[] slots;
    private final boolean[] direct;

    BlockEvaluation(BlockProgram program, Traversal traversal, Object[] arrays) {
        this.program = program;
        this.traversal = traversal;
        this.arrays = arrays;
        this.slots = program.slots(arrays);
        this.direct = new boolean[arrays.length];
    }

    /** Computes all elements. */
    void run() {
        allowDirectUse();
        int rows = traversal.rows();
        int columns = traversal.columns();
        loadConstants(Math.min(Blocks.SIZE, rows * columns));
        if (rows == 1 || columns > Blocks.SIZE / 2) {
            for (int row = 0; row < rows; row++) {
                for (int column = 0; column < columns; column += Blocks.SIZE) {
                    partOfRow(row, column, Math.min(Blocks.SIZE, columns - column));
                }
            }
        } else {
            int most = Blocks.SIZE / columns;
            for (int row = 0; row < rows; row += most) {
                wholeRows(row, Math.min(most, rows - row));
            }
        }
    }

    /** Decides which arrays may stand for a block of themselves; the others are copied, because a result overwrites them. */
    private void allowDirectUse() {
        int inputs = program.inputs();
        Arrays.fill(direct, true);
        for (int o = 0; o < program.outputs(); o++) {
            direct[inputs + o] = program.source(o) == inputs + o;
            for (int i = 0; i < inputs; i++) {
                if (arrays[i] == arrays[inputs + o]) {
                    direct[i] &= !program.isRepeated(i);
                    direct[inputs + o] &= program.isWrittenAfterReading(o, i);
                }
            }
        }
    }

    private void loadConstants(int count) {
        for (int i = 0; i < program.inputs(); i++) {
            if (traversal.isConstant(i)) {
                slots[i] = program.buffer(i, blocks);
                StridedCopy.fill(arrays[i], traversal.offset(i), slots[i], 0, count);
            }
        }
    }

    private void partOfRow(int row, int column, int count) {
        for (int i = 0; i < program.inputs(); i++) {
            int step = traversal.columnStride(i);
            if (step == 0) {
                if (column == 0 && !traversal.isConstant(i)) {
                    slots[i] = program.buffer(i, blocks);
                    int most = Math.min(Blocks.SIZE, traversal.columns());
                    StridedCopy.fill(arrays[i], traversal.offset(i) + traversal.row(i, row), slots[i], 0, most);
                }
                continue;
            }
            int position = traversal.offset(i) + traversal.row(i, row) + column * step;
            if (!use(i, position, step == 1)) {
                StridedCopy.copy(arrays[i], position, 0, step, slots[i], 0, 0, 1, 1, count);
            }
        }
        for (int i = program.inputs(); i < arrays.length; i++) {
            int step = traversal.columnStride(i);
            use(i, traversal.offset(i) + traversal.row(i, row) + column * step, step == 1);
        }
        program.execute(slots, 0, count);
        for (int o = 0; o < program.outputs(); o++) {
            int i = program.inputs() + o;
            Object result = slots[program.source(o)];
            if (result != arrays[i]) {
                int step = traversal.columnStride(i);
                int position = traversal.offset(i) + traversal.row(i, row) + column * step;
                StridedCopy.copy(result, 0, 0, 1, arrays[i], position, 0, step, 1, count);
            }
        }
    }

    private void wholeRows(int row, int rows) {
        int columns = traversal.columns();
        int count = rows * columns;
        for (int i = 0; i < program.inputs(); i++) {
            if (traversal.isConstant(i)) {
                continue;
            }
            if (traversal.isDense(i)) {
                int position = traversal.offset(i) + row * columns;
                if (!use(i, position, true)) {
                    StridedCopy.copy(arrays[i], position, 0, 1, slots[i], 0, 0, 1, 1, count);
                }
            } else if (row == 0 || !traversal.isPeriodic(i)) {
                slots[i] = program.buffer(i, blocks);
                copyRows(i, row, rows, slots[i], true);
            }
        }
        for (int i = program.inputs(); i < arrays.length; i++) {
            use(i, traversal.offset(i) + row * columns, traversal.isDense(i));
        }
        program.execute(slots, 0, count);
        for (int o = 0; o < program.outputs(); o++) {
            int i = program.inputs() + o;
            Object result = slots[program.source(o)];
            if (result == arrays[i]) {
                continue;
            }
            if (traversal.isDense(i)) {
                StridedCopy.copy(result, 0, 0, 1, arrays[i], traversal.offset(i) + row * columns, 0, 1, 1, count);
            } else {
                copyRows(i, row, rows, result, false);
            }
        }
    }

    /** Makes the array itself an operand's slot if its block begins at 0, else a buffer; tells whether it did. */
    private boolean use(int operand, int position, boolean dense) {
        boolean itself = dense && position == 0 && direct[operand];
        slots[operand] = itself ? arrays[operand] : program.buffer(operand, blocks);
        return itself;
    }

    /** Copies whole rows between an array and a block, as many at a time as have a uniform step. */
    private void copyRows(int operand, int first, int rows, Object block, boolean load) {
        int columns = traversal.columns();
        int step = traversal.columnStride(operand);
        int rowStep = traversal.stride(operand, traversal.rank() - 2);
        int period = traversal.size(traversal.rank() - 2);
        int done = 0;
        while (done < rows) {
            int row = first + done;
            int count = Math.min(rows - done, period - row % period);
            int position = traversal.offset(operand) + traversal.row(operand, row);
            if (load) {
                StridedCopy.copy(
                        arrays[operand], position, rowStep, step, block, done * columns, columns, 1, count, columns);
            } else {
                StridedCopy.copy(
                        block, done * columns, columns, 1, arrays[operand], position, rowStep, step, count, columns);
            }
            done += count;
        }
    }
}

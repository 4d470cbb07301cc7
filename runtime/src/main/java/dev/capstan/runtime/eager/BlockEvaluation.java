// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

/**
 * One run of a {@link BlockProgram} over a {@link Traversal}. The elements of a block are at 0, 1, ... of every slot. That
 * C2 sees one index for all arrays is worth the copy of a block that lies elsewhere: with different offsets it does not
 * vectorise the loops.
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
        int columns = traversal.columns();
        int elements = traversal.rows() * columns;
        // whole rows where they fit, so that what is the same in every row is loaded once
        boolean wholeRows = columns <= Blocks.SIZE;
        int most = wholeRows ? Blocks.SIZE / columns * columns : Blocks.SIZE;
        for (int index = 0; index < elements; index += most) {
            int count = Math.min(most, elements - index);
            for (int i = 0; i < program.inputs(); i++) {
                boolean same = wholeRows ? traversal.isPeriodic(i) : traversal.isConstant(i);
                if (!useItself(i, index) && (index == 0 || !same)) {
                    traversal.load(i, arrays[i], traversal.offset(i), index, count, slots[i]);
                }
            }
            for (int i = program.inputs(); i < arrays.length; i++) {
                useItself(i, index);
            }
            program.execute(slots, 0, count);
            for (int o = 0; o < program.outputs(); o++) {
                int i = program.inputs() + o;
                boolean written = program.source(o) == i && slots[i] == arrays[i];
                if (!written) {
                    Object result = slots[program.source(o)];
                    traversal.store(i, arrays[i], traversal.offset(i), index, count, result);
                }
            }
        }
    }

    /** Decides which arrays may stand for a block of themselves; the others are copied, because a result overwrites them. */
    private void allowDirectUse() {
        int inputs = program.inputs();
        for (int i = 0; i < arrays.length; i++) {
            direct[i] = traversal.isDense(i) && traversal.offset(i) == 0;
        }
        for (int o = 0; o < program.outputs(); o++) {
            direct[inputs + o] &= program.source(o) == inputs + o;
            for (int i = 0; i < inputs; i++) {
                if (arrays[i] == arrays[inputs + o]) {
                    direct[i] &= !program.isRepeated(i);
                    direct[inputs + o] &= program.isWrittenAfterReading(o, i);
                }
            }
        }
    }

    /** Makes an operand's array its slot if the block lies at the array's beginning, else a buffer. */
    private boolean useItself(int operand, int index) {
        boolean itself = index == 0 && direct[operand];
        slots[operand] = itself ? arrays[operand] : program.buffer(operand, blocks);
        return itself;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

/** Computes one result after the other: for results whose elements lie together. */
final class RowReduction {
    private final BlockProgram map;
    private final Object[] arrays;
    private final Traversal over;
    private final Traversal kept;
    private final Fold fold;
    private final Blocks blocks = Blocks.own();
    private final Object[] slots;
    private final int[] offsets;

    RowReduction(PreparedReduction reduction, Object[] arrays, Traversal over, Traversal kept) {
        this.map = reduction.map();
        this.arrays = arrays;
        this.over = over;
        this.kept = kept;
        this.fold = ReductionExecutor.fold(reduction.kernel());
        this.slots = map.slots(arrays);
        this.offsets = new int[arrays.length];
    }

    /** Writes all results, one after the other from a position on. */
    void run(Object target, int position) {
        int results = kept.rows() * kept.columns();
        int elements = over.rows() * over.columns();
        int alone = map.source(0);
        boolean direct = alone < arrays.length && over.isDense(alone);
        for (int result = 0; result < results; result++) {
            for (int i = 0; i < arrays.length; i++) {
                offsets[i] = kept.offset(i) + kept.position(i, result);
            }
            fold.begin();
            for (int start = 0; start < elements; start += Fold.BLOCK) {
                int count = Math.min(Fold.BLOCK, elements - start);
                if (direct) {
                    fold.accumulate(arrays[alone], offsets[alone] + start, count);
                } else {
                    for (int done = 0; done < count; done += Blocks.SIZE) {
                        part(start + done, Math.min(Blocks.SIZE, count - done));
                    }
                }
                fold.endBlock();
            }
            fold.end(target, position + result);
        }
    }

    private void part(int index, int count) {
        for (int i = 0; i < arrays.length; i++) {
            slots[i] = map.buffer(i, blocks);
            over.load(i, arrays[i], offsets[i], index, count, slots[i]);
        }
        slots[arrays.length] = map.buffer(arrays.length, blocks);
        map.execute(slots, 0, count);
        fold.accumulate(slots[map.source(0)], 0, count);
    }
}

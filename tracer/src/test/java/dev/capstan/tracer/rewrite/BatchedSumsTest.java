// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.capstan.runtime.op.Add;
import dev.capstan.runtime.op.Select;
import dev.capstan.runtime.op.Sum;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatchedSumsTest {
    private static int sum(Written w, int x, int t, boolean keep) {
        return Sum.sum(w.ops, Select.select(w.ops, x, 1, t), List.of(0), keep);
    }

    @Test
    void allTimeStepsAreSummedAtOnce() {
        Written w = new Written();
        int x = w.input(4, 2, 3);
        assertEquals("""
            %0 = input 0 : float32[4,2,3]/[6,3,1]
            %1 = sum[dimensions=[0], keepDimensions=true](%0) : float32[1,2,3]
            %2 = select[dimension=1, index=0](%1) : float32[1,3]
            %3 = select[dimension=1, index=1](%1) : float32[1,3]
            %4 = add(%2, %3) : float32[1,3]
            return %4
            """, w.after(new BatchedSums(), Add.add(w.ops, sum(w, x, 0, true), sum(w, x, 1, true))));
    }

    @Test
    void theDimensionOfTimeMovesUpWhereOthersAreRemoved() {
        Written w = new Written();
        int x = w.input(4, 2, 3);
        assertEquals("""
            %0 = input 0 : float32[4,2,3]/[6,3,1]
            %1 = sum[dimensions=[0], keepDimensions=false](%0) : float32[2,3]
            %2 = select[dimension=0, index=0](%1) : float32[3]
            %3 = select[dimension=0, index=1](%1) : float32[3]
            %4 = add(%2, %3) : float32[3]
            return %4
            """, w.after(new BatchedSums(), Add.add(w.ops, sum(w, x, 0, false), sum(w, x, 1, false))));
    }
}

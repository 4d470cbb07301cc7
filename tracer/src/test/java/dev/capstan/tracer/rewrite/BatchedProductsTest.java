// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.capstan.runtime.op.Add;
import dev.capstan.runtime.op.Mm;
import dev.capstan.runtime.op.Select;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatchedProductsTest {
    private static int product(Written w, int x, int weight, int t) {
        return Mm.mm(w.ops, Select.select(w.ops, x, 1, t), weight);
    }

    @Test
    void allTimeStepsAreMultipliedAtOnce() {
        Written w = new Written();
        int x = w.input(4, 2, 3);
        int weight = w.input(3, 5);
        int sum = Add.add(w.ops, product(w, x, weight, 1), product(w, x, weight, 0));
        assertEquals("""
            %0 = input 0 : float32[4,2,3]/[6,3,1]
            %1 = input 1 : float32[3,5]/[5,1]
            %2 = reshape[shape=[8,3]](%0) : float32[8,3]
            %3 = mm(%2, %1) : float32[8,5]
            %4 = reshape[shape=[4,2,5]](%3) : float32[4,2,5]
            %5 = select[dimension=1, index=1](%4) : float32[4,5]
            %6 = select[dimension=1, index=0](%4) : float32[4,5]
            %7 = add(%5, %6) : float32[4,5]
            return %7
            """, w.after(new BatchedProducts(), 1, List.of(sum)));
    }

    @Test
    void aMissingStepLeavesTheOthersApart() {
        Written w = new Written();
        int x = w.input(4, 3, 3);
        int weight = w.input(3, 5);
        int sum = Add.add(w.ops, product(w, x, weight, 0), product(w, x, weight, 1));
        assertFalse(w.after(new BatchedProducts(), 1, List.of(sum)).contains("reshape"));
    }

    @Test
    void resultsStayTensorsOfTheirOwn() {
        Written w = new Written();
        int x = w.input(4, 2, 3);
        int weight = w.input(3, 5);
        List<Integer> results = List.of(product(w, x, weight, 0), product(w, x, weight, 1));
        assertFalse(w.after(new BatchedProducts(), 2, results).contains("reshape"));
    }
}

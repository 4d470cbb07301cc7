// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.op.MatrixTranspose;
import dev.capstan.runtime.op.Mm;
import dev.capstan.runtime.op.Neg;
import org.junit.jupiter.api.Test;

class TransposedProductsTest {
    @Test
    void aTransposedProductIsTheProductOfTheTransposedFactors() {
        Written w = new Written();
        int product = Mm.mm(w.ops, w.input(2, 3), w.input(3, 5));
        assertEquals("""
            %0 = input 0 : float32[2,3]/[3,1]
            %1 = input 1 : float32[3,5]/[5,1]
            %2 = transpose[first=0, second=1](%1) : float32[5,3]
            %3 = transpose[first=0, second=1](%0) : float32[3,2]
            %4 = mm(%2, %3) : float32[5,2]
            return %4
            """, w.after(new TransposedProducts(), MatrixTranspose.t(w.ops, product)));
    }

    @Test
    void aProductWithAnotherUseIsComputedOnce() {
        Written w = new Written();
        int product = Mm.mm(w.ops, w.input(2, 3), w.input(3, 5));
        int transposed = MatrixTranspose.t(w.ops, product);
        assertTrue(w.after(new TransposedProducts(), transposed, Neg.neg(w.ops, product))
                .contains("t(%2)"));
    }
}

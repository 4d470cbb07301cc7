// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.capstan.runtime.op.Add;
import dev.capstan.runtime.op.MatrixTranspose;
import dev.capstan.runtime.op.Mm;
import dev.capstan.runtime.op.Neg;
import org.junit.jupiter.api.Test;

class MergedProductsTest {
    @Test
    void aSumOfProductsIsOneProduct() {
        Written w = new Written();
        int first = Mm.mm(w.ops, w.input(20, 3), w.input(3, 30));
        int bias = w.input(20, 30);
        int second = Mm.mm(w.ops, w.input(20, 4), w.input(4, 30));
        assertEquals("""
            %0 = input 0 : float32[20,3]/[3,1]
            %1 = input 1 : float32[3,30]/[30,1]
            %2 = input 2 : float32[20,30]/[30,1]
            %3 = input 3 : float32[20,4]/[4,1]
            %4 = input 4 : float32[4,30]/[30,1]
            %5 = cat[dimension=1](%0, %3) : float32[20,7]
            %6 = cat[dimension=0](%1, %4) : float32[7,30]
            %7 = mm(%5, %6) : float32[20,30]
            %8 = add(%7, %2) : float32[20,30]
            return %8
            """, w.after(new MergedProducts(), Add.add(w.ops, Add.add(w.ops, first, bias), second)));
    }

    @Test
    void transposedFactorsAreJoinedBeforeTheyAreTransposed() {
        Written w = new Written();
        int first = Mm.mm(w.ops, MatrixTranspose.t(w.ops, w.input(3, 20)), w.input(3, 30));
        int second = Mm.mm(w.ops, MatrixTranspose.t(w.ops, w.input(4, 20)), w.input(4, 30));
        String merged = w.after(new MergedProducts(), Add.add(w.ops, first, second));
        assertEquals("""
            %0 = input 0 : float32[3,20]/[20,1]
            %1 = input 1 : float32[3,30]/[30,1]
            %2 = input 2 : float32[4,20]/[20,1]
            %3 = input 3 : float32[4,30]/[30,1]
            %4 = cat[dimension=0](%0, %2) : float32[7,20]
            %5 = transpose[first=0, second=1](%4) : float32[20,7]
            %6 = cat[dimension=0](%1, %3) : float32[7,30]
            %7 = mm(%5, %6) : float32[20,30]
            return %7
            """, merged);
    }

    @Test
    void aProductWithAnotherUseStaysApart() {
        Written w = new Written();
        int first = Mm.mm(w.ops, w.input(20, 3), w.input(3, 30));
        int second = Mm.mm(w.ops, w.input(20, 4), w.input(4, 30));
        assertFalse(w.after(new MergedProducts(), Add.add(w.ops, first, second), Neg.neg(w.ops, first))
                .contains("cat"));
    }

    @Test
    void thinProductsStayApartBecauseJoiningThemCostsMore() {
        Written w = new Written();
        int first = Mm.mm(w.ops, w.input(1, 3), w.input(3, 30));
        int second = Mm.mm(w.ops, w.input(1, 4), w.input(4, 30));
        assertFalse(w.after(new MergedProducts(), Add.add(w.ops, first, second)).contains("cat"));
    }
}

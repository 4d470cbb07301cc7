// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.capstan.runtime.op.Add;
import dev.capstan.runtime.op.Embed;
import dev.capstan.runtime.op.Neg;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import org.junit.jupiter.api.Test;

class MosaicsTest {
    private static int piece(Written w, int value, int start) {
        return Embed.embed(w.ops, value, Shape.of(6), 0, start, 1);
    }

    @Test
    void aSumOfDisjointPiecesIsOneAssembly() {
        Written w = new Written();
        int sum = w.input(6);
        for (int i = 0; i < 3; i++) {
            sum = Add.add(w.ops, sum, piece(w, w.input(2), 2 * i));
        }
        assertEquals("""
            %0 = input 0 : float32[6]/[1]
            %1 = input 1 : float32[2]/[1]
            %2 = input 2 : float32[2]/[1]
            %3 = input 3 : float32[2]/[1]
            %4 = 0.0
            %5 = add(%1, %4) : float32[2]
            %6 = 0.0
            %7 = add(%2, %6) : float32[2]
            %8 = 0.0
            %9 = add(%3, %8) : float32[2]
            %10 = mosaic[Embed[shape=[6], dimension=0, start=0, step=1], \
            Embed[shape=[6], dimension=0, start=2, step=1], \
            Embed[shape=[6], dimension=0, start=4, step=1]](%5, %7, %9) : float32[6]
            %11 = add(%0, %10) : float32[6]
            return %11
            """, w.after(new Mosaics(), sum));
    }

    @Test
    void integersHaveNoNegativeZero() {
        Written w = new Written();
        int x = w.input(DType.INT64, 2);
        int sum = Add.add(w.ops, piece(w, x, 0), piece(w, x, 3));
        assertEquals("""
            %0 = input 0 : int64[2]/[1]
            %1 = mosaic[Embed[shape=[6], dimension=0, start=0, step=1], \
            Embed[shape=[6], dimension=0, start=3, step=1]](%0, %0) : int64[6]
            return %1
            """, w.after(new Mosaics(), sum));
    }

    @Test
    void overlappingPiecesAreAdded() {
        Written w = new Written();
        int sum = Add.add(w.ops, piece(w, w.input(2), 0), piece(w, w.input(2), 1));
        assertFalse(w.after(new Mosaics(), sum).contains("mosaic"));
    }

    @Test
    void aSumWithAnotherUseIsComputed() {
        Written w = new Written();
        int first = Add.add(w.ops, w.input(6), piece(w, w.input(2), 0));
        int second = Add.add(w.ops, first, piece(w, w.input(2), 2));
        assertFalse(w.after(new Mosaics(), second, Neg.neg(w.ops, first)).contains("mosaic"));
    }
}

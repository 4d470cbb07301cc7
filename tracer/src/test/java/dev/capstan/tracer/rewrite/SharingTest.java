// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.capstan.runtime.op.Add;
import dev.capstan.runtime.op.Neg;
import java.util.List;
import org.junit.jupiter.api.Test;

class SharingTest {
    @Test
    void equalComputationsAreOne() {
        Written w = new Written();
        int x = w.input(2);
        int sum = Add.add(w.ops, Neg.neg(w.ops, x), Neg.neg(w.ops, x));
        assertEquals("""
            %0 = input 0 : float32[2]/[1]
            %1 = neg(%0) : float32[2]
            %2 = add(%1, %1) : float32[2]
            return %2
            """, w.after(new Sharing(), 1, List.of(sum)));
    }

    @Test
    void equalResultsStayTwoTensors() {
        Written w = new Written();
        int x = w.input(2);
        assertEquals("""
            %0 = input 0 : float32[2]/[1]
            %1 = neg(%0) : float32[2]
            %2 = neg(%0) : float32[2]
            return %1, %2
            """, w.after(new Sharing(), 2, List.of(Neg.neg(w.ops, x), Neg.neg(w.ops, x))));
    }

    @Test
    void whatIsKeptIsNotSharedWithAResult() {
        Written w = new Written();
        int x = w.input(2);
        int result = Neg.neg(w.ops, x);
        int kept = Neg.neg(w.ops, x);
        int alsoKept = Neg.neg(w.ops, x);
        assertEquals("""
            %0 = input 0 : float32[2]/[1]
            %1 = neg(%0) : float32[2]
            %2 = neg(%0) : float32[2]
            return %1, %2, %2
            """, w.after(new Sharing(), 1, List.of(result, kept, alsoKept)));
    }
}

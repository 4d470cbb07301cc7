// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.capstan.runtime.op.Div;
import dev.capstan.runtime.op.Mul;
import org.junit.jupiter.api.Test;

class ConstantsTest {
    @Test
    void arithmeticOnNumbersIsDoneOnce() {
        Written w = new Written();
        int number = Div.div(w.ops, w.ops.number(1), w.ops.number(3));
        int y = Mul.mul(w.ops, w.input(2), number);
        assertEquals("""
            %0 = 0.3333333432674408
            %1 = input 0 : float32[2]/[1]
            %2 = mul(%1, %0) : float32[2]
            return %2
            """, w.after(new Constants(), y));
    }
}

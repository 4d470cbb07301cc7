// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.op.Add;
import dev.capstan.runtime.op.Cast;
import dev.capstan.runtime.op.Clone;
import dev.capstan.runtime.op.Div;
import dev.capstan.runtime.op.Mul;
import dev.capstan.runtime.op.Neg;
import dev.capstan.runtime.op.Pow;
import dev.capstan.runtime.op.Sub;
import dev.capstan.runtime.type.DType;
import java.util.List;
import org.junit.jupiter.api.Test;

class IdentitiesTest {
    @Test
    void operatorsThatChangeNoBitAreLeftOut() {
        Written w = new Written();
        int x = w.input(2);
        int y = Clone.clone(w.ops, x);
        y = w.ops.apply(new Cast(DType.FLOAT32), List.of(y));
        y = Pow.pow(w.ops, y, 1);
        y = Mul.mul(w.ops, w.ops.number(1), y);
        y = Div.div(w.ops, y, w.ops.number(1));
        y = Sub.sub(w.ops, y, w.ops.number(0));
        y = Add.add(w.ops, y, w.ops.number(-0.0));
        y = Neg.neg(w.ops, y);
        assertEquals("""
            %0 = input 0 : float32[2]/[1]
            %1 = neg(%0) : float32[2]
            return %1
            """, w.after(new Identities(), 1, List.of(y)));
    }

    @Test
    void positiveZeroIsAddedBecauseItChangesNegativeZero() {
        Written w = new Written();
        int y = Neg.neg(w.ops, Add.add(w.ops, w.input(2), w.ops.number(0)));
        assertTrue(w.after(new Identities(), 1, List.of(y)).contains("add"));
    }

    @Test
    void aResultStaysACopy() {
        Written w = new Written();
        int y = Clone.clone(w.ops, w.input(2));
        assertTrue(w.after(new Identities(), 1, List.of(y)).contains("clone"));
    }

    @Test
    void conversionsAndBroadcastsAreNoIdentities() {
        Written w = new Written();
        int x = w.input(1);
        int wide = Mul.mul(w.ops, x, w.input(DType.FLOAT64));
        assertTrue(w.after(new Identities(), wide).contains("mul"));
        int whole = w.ops.apply(new Cast(DType.INT64), List.of(x));
        assertTrue(w.after(new Identities(), whole).contains("cast"));
    }
}

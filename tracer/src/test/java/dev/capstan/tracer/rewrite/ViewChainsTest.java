// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.op.Detach;
import dev.capstan.runtime.op.MatrixTranspose;
import dev.capstan.runtime.op.Neg;
import dev.capstan.runtime.op.Reshape;
import dev.capstan.runtime.op.Slice;
import dev.capstan.runtime.op.Squeeze;
import dev.capstan.runtime.op.Unsqueeze;
import dev.capstan.runtime.type.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;

class ViewChainsTest {
    @Test
    void viewsThatUndoOneAnotherAreLeftOut() {
        Written w = new Written();
        int x = w.input(2, 3);
        int y = MatrixTranspose.t(w.ops, MatrixTranspose.t(w.ops, x));
        y = Reshape.reshape(w.ops, Reshape.reshape(w.ops, y, Shape.of(6)), Shape.of(2, 3));
        y = Squeeze.squeeze(w.ops, Unsqueeze.unsqueeze(w.ops, Detach.detach(w.ops, y), 1), 1);
        y = Neg.neg(w.ops, Slice.slice(w.ops, y, 0, 0, 2, 1));
        assertEquals("""
            %0 = input 0 : float32[2,3]/[3,1]
            %1 = neg(%0) : float32[2,3]
            return %1
            """, w.after(new ViewChains(), 1, List.of(y)));
    }

    @Test
    void aTransposeOfEqualSizesIsNoIdentity() {
        Written w = new Written();
        assertTrue(w.after(new ViewChains(), MatrixTranspose.t(w.ops, w.input(2, 2)))
                .contains("t("));
    }

    @Test
    void aResultStaysAView() {
        Written w = new Written();
        int y = Detach.detach(w.ops, w.input(2));
        assertTrue(w.after(new ViewChains(), 1, List.of(y)).contains("detach"));
    }
}

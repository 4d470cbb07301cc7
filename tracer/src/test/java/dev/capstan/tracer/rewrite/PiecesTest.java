// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.op.Cat;
import dev.capstan.runtime.op.Neg;
import dev.capstan.runtime.op.Select;
import dev.capstan.runtime.op.Slice;
import dev.capstan.runtime.op.Stack;
import dev.capstan.runtime.type.DType;
import java.util.List;
import org.junit.jupiter.api.Test;

class PiecesTest {
    @Test
    void aSelectionFromAStackIsThePiece() {
        Written w = Written.forward();
        int stack = Stack.stack(w.ops, List.of(w.input(2, 3), w.input(2, 3)), 1);
        int y = Neg.neg(w.ops, Select.select(w.ops, stack, 1, 1));
        assertEquals("""
            %0 = input 1 : float32[2,3]/[3,1]
            %1 = neg(%0) : float32[2,3]
            return %1
            """, w.after(new Pieces(), 1, List.of(y)));
    }

    @Test
    void aPartOfAPieceIsNotThePiece() {
        Written w = Written.backward();
        int cat = Cat.cat(w.ops, List.of(w.input(2), w.input(3)), 0);
        assertTrue(w.after(new Pieces(), Slice.slice(w.ops, cat, 0, 2, 2, 1)).contains("cat"));
    }

    @Test
    void aConvertedPieceIsNotThePiece() {
        Written w = Written.backward();
        int cat = Cat.cat(w.ops, List.of(w.input(DType.INT32, 2), w.input(3)), 0);
        assertTrue(w.after(new Pieces(), Slice.slice(w.ops, cat, 0, 0, 2, 1)).contains("cat"));
    }
}

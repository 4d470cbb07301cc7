// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.op.AsStrided;
import dev.capstan.runtime.op.Cat;
import dev.capstan.runtime.op.Neg;
import dev.capstan.runtime.op.Overwrite;
import dev.capstan.runtime.op.Select;
import dev.capstan.runtime.op.Slice;
import dev.capstan.runtime.op.Stack;
import dev.capstan.runtime.op.Sub;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;

class PiecesTest {
    @Test
    void aSelectionFromAStackIsThePiece() {
        Written w = new Written();
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
        Written w = new Written();
        int cat = Cat.cat(w.ops, List.of(w.input(2), w.input(3)), 0);
        assertTrue(w.after(new Pieces(), Slice.slice(w.ops, cat, 0, 2, 2, 1)).contains("cat"));
    }

    @Test
    void aConvertedPieceIsNotThePiece() {
        Written w = new Written();
        int cat = Cat.cat(w.ops, List.of(w.input(DType.INT32, 2), w.input(3)), 0);
        assertTrue(w.after(new Pieces(), Slice.slice(w.ops, cat, 0, 0, 2, 1)).contains("cat"));
    }

    @Test
    void aNumberThatWasWrittenIsATensor() {
        Written w = new Written();
        Layout whole = Layout.contiguous(Shape.SCALAR);
        int written = Overwrite.overwrite(w.ops, w.input(DType.FLOAT64), w.ops.number(2), whole);
        assertTrue(w.after(new Pieces(), Sub.sub(w.ops, written, written)).contains("overwrite"));
    }

    @Test
    void whatWasWrittenLastIsShown() {
        Written w = new Written();
        Layout row = Layout.contiguous(Shape.of(2, 3)).select(0, 1);
        int first = Overwrite.overwrite(w.ops, w.input(2, 3), w.input(3), row);
        int second = Overwrite.overwrite(w.ops, first, w.input(3), row);
        int y = Neg.neg(w.ops, AsStrided.asStrided(w.ops, second, row));
        assertEquals("""
            %0 = input 2 : float32[3]/[1]
            %1 = neg(%0) : float32[3]
            return %1
            """, w.after(new Pieces(), 1, List.of(y)));
    }

    @Test
    void whatWasWrittenElsewhereIsLookedThrough() {
        Written w = new Written();
        Layout whole = Layout.contiguous(Shape.of(2, 3));
        int first = Overwrite.overwrite(w.ops, w.input(2, 3), w.input(3), whole.select(0, 1));
        int second = Overwrite.overwrite(w.ops, first, w.input(3), whole.select(0, 0));
        int y = Neg.neg(w.ops, Select.select(w.ops, second, 0, 1));
        assertEquals("""
            %0 = input 1 : float32[3]/[1]
            %1 = neg(%0) : float32[3]
            return %1
            """, w.after(new Pieces(), 1, List.of(y)));
    }

    @Test
    void whatWasPartlyWrittenOverIsNotShown() {
        Written w = new Written();
        Layout whole = Layout.contiguous(Shape.of(2, 3));
        int first = Overwrite.overwrite(w.ops, w.input(2, 3), w.input(3), whole.select(0, 1));
        int second = Overwrite.overwrite(w.ops, first, w.input(2), whole.select(1, 1));
        int y = Neg.neg(w.ops, Select.select(w.ops, second, 0, 1));
        assertTrue(w.after(new Pieces(), 1, List.of(y)).contains("select"));
    }

    @Test
    void aTensorThatIsOverwrittenAsAWholeIsNotNeeded() {
        Written w = new Written();
        int filled = Overwrite.overwrite(w.ops, w.input(3), w.input(3), Layout.contiguous(Shape.of(3)));
        assertEquals("""
            %0 = input 1 : float32[3]/[1]
            %1 = neg(%0) : float32[3]
            return %1
            """, w.after(new Pieces(), 1, List.of(Neg.neg(w.ops, filled))));
    }
}

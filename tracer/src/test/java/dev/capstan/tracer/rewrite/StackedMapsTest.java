// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.op.Add;
import dev.capstan.runtime.op.Relu;
import dev.capstan.runtime.op.Select;
import dev.capstan.runtime.op.Stack;
import java.util.List;
import org.junit.jupiter.api.Test;

class StackedMapsTest {
    private static int step(Written w, int x, int bias, int t) {
        return Relu.relu(w.ops, Add.add(w.ops, Select.select(w.ops, x, 1, t), bias));
    }

    @Test
    void allPiecesAreComputedAtOnce() {
        Written w = new Written();
        int x = w.input(4, 2, 3);
        int bias = w.input(4, 3);
        int stack = Stack.stack(w.ops, List.of(step(w, x, bias, 0), step(w, x, bias, 1)), 1);
        assertEquals("""
            %0 = input 0 : float32[4,2,3]/[6,3,1]
            %1 = input 1 : float32[4,3]/[3,1]
            %2 = unsqueeze[dimension=1](%1) : float32[4,1,3]
            %3 = add(%0, %2) : float32[4,2,3]
            %4 = relu(%3) : float32[4,2,3]
            return %4
            """, w.after(new StackedMaps(), 1, List.of(stack)));
    }

    @Test
    void theDimensionOfTimeMayMove() {
        Written w = new Written();
        int x = w.input(4, 2, 3);
        int bias = w.input(3);
        int stack = Stack.stack(w.ops, List.of(step(w, x, bias, 0), step(w, x, bias, 1)), 0);
        assertEquals("""
            %0 = input 0 : float32[4,2,3]/[6,3,1]
            %1 = input 1 : float32[3]/[1]
            %2 = permute[order=[1, 0, 2]](%0) : float32[2,4,3]
            %3 = add(%2, %1) : float32[2,4,3]
            %4 = relu(%3) : float32[2,4,3]
            return %4
            """, w.after(new StackedMaps(), 1, List.of(stack)));
    }

    @Test
    void anotherOrderIsAnotherStack() {
        Written w = new Written();
        int x = w.input(4, 2, 3);
        int bias = w.input(3);
        int stack = Stack.stack(w.ops, List.of(step(w, x, bias, 1), step(w, x, bias, 0)), 1);
        assertTrue(w.after(new StackedMaps(), 1, List.of(stack)).contains("stack"));
    }

    @Test
    void aPieceThatIsAlsoUsedAloneIsComputedOnce() {
        Written w = new Written();
        int x = w.input(4, 2, 3);
        int bias = w.input(3);
        int first = step(w, x, bias, 0);
        int stack = Stack.stack(w.ops, List.of(first, step(w, x, bias, 1)), 1);
        assertTrue(w.after(new StackedMaps(), 2, List.of(stack, first)).contains("stack"));
    }
}

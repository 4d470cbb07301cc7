// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LayoutAlgebraTest {
    @Test
    void inverseOfAViewPutsTheViewWhereItIsWanted() {
        Layout wanted = Layout.contiguous(Shape.of(3, 4, 2)).select(1, 2);
        Layout inverse = LayoutAlgebra.inverse(
                        layout -> layout.permute(new int[] {1, 0}).reshape(Shape.of(3, 2)), Shape.of(2, 3), wanted)
                .orElseThrow();
        assertEquals(wanted, inverse.permute(new int[] {1, 0}));
    }

    @Test
    void aPartHasNoInverse() {
        assertEquals(
                Optional.empty(),
                LayoutAlgebra.inverse(
                        layout -> Optional.of(layout.select(0, 0)), Shape.of(2, 3), Layout.contiguous(Shape.of(3))));
    }

    @Test
    void aRepetitionHasNoInverse() {
        assertEquals(
                Optional.empty(),
                LayoutAlgebra.inverse(
                        layout -> Optional.of(layout.expand(Shape.of(2, 3))),
                        Shape.of(1, 3),
                        Layout.contiguous(Shape.of(2, 3))));
    }

    @Test
    void coverageKnowsStridedPositions() {
        Coverage coverage = new Coverage();
        Layout whole = Layout.contiguous(Shape.of(4, 6));
        coverage.add(whole.slice(1, 0, 3, 2));
        assertTrue(coverage.isDisjoint(whole.slice(1, 1, 3, 2)));
        assertFalse(coverage.isDisjoint(whole.slice(1, 3, 2, 1)));
        assertTrue(coverage.contains(whole.select(1, 4)));
        assertFalse(coverage.contains(whole));
    }
}

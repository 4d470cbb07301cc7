// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.capture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.op.Exp;
import dev.capstan.runtime.op.Mm;
import dev.capstan.runtime.op.Tanh;
import dev.capstan.runtime.spi.Path;
import dev.capstan.runtime.spi.Walk;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import org.junit.jupiter.api.Test;

class CapturedTreeTest {
    private static final TensorType SQUARE = new TensorType(DType.FLOAT32, Shape.of(3, 3));

    /** A compiler with a fault in it. */
    private final CapturedTree faulty = new CapturedTree("Faulty", 2, (name, schedule, warm) -> {
        throw new IllegalStateException("no code for " + name);
    });

    private static int input(Walk walk, boolean requiresGradient) {
        return walk.input(SQUARE, Layout.contiguous(SQUARE.shape()), requiresGradient, Walk.NONE);
    }

    private static Path tanh(CapturedTree tree) {
        Walk walk = tree.walk();
        int result = walk.apply(new Tanh(), new int[] {input(walk, false)}, true);
        return walk.end(new int[] {result});
    }

    @Test
    void equalCallsArriveAtTheSamePath() {
        assertSame(tanh(faulty), tanh(faulty));
        assertEquals(1, faulty.report().size());
    }

    @Test
    void anotherOperatorInputOrResultIsAnotherPath() {
        tanh(faulty);
        Walk operator = faulty.walk();
        operator.end(new int[] {operator.apply(new Exp(), new int[] {input(operator, false)}, true)});
        Walk gradient = faulty.walk();
        gradient.end(new int[] {gradient.apply(new Tanh(), new int[] {input(gradient, true)}, true)});
        Walk mode = faulty.walk();
        mode.end(new int[] {mode.apply(new Tanh(), new int[] {input(mode, false)}, false)});
        Walk nothing = faulty.walk();
        nothing.apply(new Tanh(), new int[] {input(nothing, false)}, true);
        nothing.end(new int[0]);
        assertEquals(5, faulty.report().size());
    }

    @Test
    void onlyRecordedOperatorsOnWhatRequiresAGradientRequireOne() {
        Walk walk = faulty.walk();
        int leaf = input(walk, true);
        assertTrue(walk.requiresGradient(walk.apply(new Tanh(), new int[] {leaf}, true)));
        assertTrue(!walk.requiresGradient(walk.apply(new Tanh(), new int[] {leaf}, false)));
        assertTrue(!walk.requiresGradient(walk.apply(new Tanh(), new int[] {input(walk, false)}, true)));
    }

    @Test
    void anOperatorThatIsRefusedLeavesTheWalkWhereItWas() {
        Walk walk = faulty.walk();
        int square = input(walk, false);
        int wide = walk.input(
                new TensorType(DType.FLOAT32, Shape.of(4, 5)), Layout.contiguous(Shape.of(4, 5)), false, Walk.NONE);
        assertThrows(CapstanException.class, () -> walk.apply(new Mm(), new int[] {square, wide}, true));
        assertEquals(2, walk.apply(new Mm(), new int[] {square, square}, true));
    }

    @Test
    void aFaultOfTheCompilerPinsThePathToEagerModeWithItsReason() {
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (!faulty.report().toString().contains("pinned")) {
            assertNull(tanh(faulty).program(Path.Demand.WHEN_HOT));
            assertTrue(System.nanoTime() < deadline, "the path was never compiled");
            Thread.onSpinWait();
        }
        assertNull(tanh(faulty).program(Path.Demand.WHEN_HOT));
        assertEquals(
                "pinned: java.lang.IllegalStateException: no code for Faulty_0_forward",
                faulty.report().get(0).state());
        assertEquals(0, faulty.report().get(0).hits());
        CapstanException refused =
                assertThrows(CapstanException.class, () -> tanh(faulty).program(Path.Demand.NOW));
        assertTrue(refused.getMessage().contains("the path cannot be compiled"), refused.getMessage());
    }

    @Test
    void thePathThatWasUsedLeastRecentlyIsForgotten() {
        for (int size = 1; size <= CapturedTree.PATH_LIMIT + 10; size++) {
            Walk walk = faulty.walk();
            TensorType type = new TensorType(DType.FLOAT32, Shape.of(size));
            int input = walk.input(type, Layout.contiguous(type.shape()), false, Walk.NONE);
            walk.end(new int[] {walk.apply(new Tanh(), new int[] {input}, true)});
        }
        assertEquals(CapturedTree.PATH_LIMIT, faulty.report().size());
        assertEquals(10, faulty.report().get(0).number());
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.capture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.op.Addmm;
import dev.capstan.runtime.op.Exp;
import dev.capstan.runtime.op.MatrixTranspose;
import dev.capstan.runtime.op.Mm;
import dev.capstan.runtime.op.Tanh;
import dev.capstan.runtime.spi.Path;
import dev.capstan.runtime.spi.PathEvent;
import dev.capstan.runtime.spi.RegionPolicy;
import dev.capstan.runtime.spi.Tier;
import dev.capstan.runtime.spi.Walk;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CapturedTreeTest {
    private static final TensorType SQUARE = new TensorType(DType.FLOAT32, Shape.of(3, 3));

    /** A compiler with a fault in it. */
    private final CapturedTree faulty = new CapturedTree("Faulty", RegionPolicy.of(2), (name, schedule, warm) -> {
        throw new IllegalStateException("no code for " + name);
    });

    private static int input(Walk walk, boolean requiresGradient) {
        return walk.input(SQUARE, Layout.contiguous(SQUARE.shape()), requiresGradient, Walk.NONE)
                .number();
    }

    private static int tanh(Walk walk, int operand) {
        return walk.apply(new Tanh(), new int[] {operand}, true).number();
    }

    private static Path tanh(CapturedTree tree) {
        Walk walk = tree.walk();
        return walk.end(new int[] {tanh(walk, input(walk, false))});
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
        int exp = operator.apply(new Exp(), new int[] {input(operator, false)}, true)
                .number();
        operator.end(new int[] {exp});
        Walk gradient = faulty.walk();
        gradient.end(new int[] {tanh(gradient, input(gradient, true))});
        Walk mode = faulty.walk();
        int unrecorded =
                mode.apply(new Tanh(), new int[] {input(mode, false)}, false).number();
        mode.end(new int[] {unrecorded});
        Walk nothing = faulty.walk();
        nothing.apply(new Tanh(), new int[] {input(nothing, false)}, true);
        nothing.end(new int[0]);
        assertEquals(5, faulty.report().size());
    }

    @Test
    void onlyRecordedOperatorsOnWhatRequiresAGradientRequireOne() {
        Walk walk = faulty.walk();
        int leaf = input(walk, true);
        assertTrue(walk.apply(new Tanh(), new int[] {leaf}, true).requiresGradient());
        assertTrue(!walk.apply(new Tanh(), new int[] {leaf}, false).requiresGradient());
        assertTrue(!walk.apply(new Tanh(), new int[] {input(walk, false)}, true).requiresGradient());
    }

    @Test
    void anOperatorThatIsRefusedLeavesTheWalkWhereItWas() {
        Walk walk = faulty.walk();
        int square = input(walk, false);
        TensorType oblong = new TensorType(DType.FLOAT32, Shape.of(4, 5));
        int wide = walk.input(oblong, Layout.contiguous(oblong.shape()), false, Walk.NONE)
                .number();
        assertThrows(CapstanException.class, () -> walk.apply(new Mm(), new int[] {square, wide}, true));
        assertEquals(2, walk.apply(new Mm(), new int[] {square, square}, true).number());
    }

    @Test
    void whatWasHereBeforeIsTheSameEventAndNothingElseIs() {
        tanh(faulty);
        Walk walk = faulty.walk();
        int square = input(walk, false);
        assertNull(walk.repeat(new Exp(), square, true));
        assertNull(walk.repeat(new Tanh(), square, false));
        assertNull(walk.repeat(new Tanh(), square + 1, true));
        assertNull(walk.repeat(new Tanh(), square, square, true));
        PathEvent event = walk.repeat(new Tanh(), square, true);
        event.note("known");
        assertSame(event, walk.event(1));
        Walk again = faulty.walk();
        assertEquals(
                "known",
                again.apply(new Tanh(), new int[] {input(again, false)}, true).note());
    }

    @Test
    void anOperatorOfThreeOperandsIsFoundByAllOfThem() {
        Walk first = faulty.walk();
        int a = input(first, false);
        int b = input(first, false);
        PathEvent made = first.apply(new Addmm(), new int[] {a, a, b}, true);
        Walk walk = faulty.walk();
        input(walk, false);
        input(walk, false);
        assertNull(walk.repeat(new Addmm(), b, a, b, true));
        assertNull(walk.repeat(new Addmm(), a, b, b, true));
        assertNull(walk.repeat(new Addmm(), a, a, a, true));
        assertNull(walk.repeat(new Addmm(), a, a, true));
        assertSame(made, walk.repeat(new Addmm(), a, a, b, true));
    }

    @Test
    void anOperatorOnNumbersTooLargeForAKeyIsFoundWithoutOne() {
        int large = 1 << 20;
        TreeNode root = new TreeNode();
        TreeNode made = TreeNode.operator(root, new Tanh(), new int[] {large}, true, SQUARE, false);
        root.addChild(made);
        assertNull(root.child(new Tanh(), TreeNode.key(large, 0, 0, 1, true)));
        assertSame(made, root.child(new Tanh(), new int[] {large}, true));
        root.addChild(TreeNode.operator(root, new Mm(), new int[] {1, 0}, true, SQUARE, false));
        assertNull(root.child(new Mm(), TreeNode.key(0, large, 0, 2, true)));
    }

    @Test
    void eventsOfEqualTypesShareOne() {
        Walk walk = faulty.walk();
        int square = input(walk, false);
        PathEvent product = walk.apply(new Mm(), new int[] {square, square}, true);
        assertSame(walk.event(square).type(), product.type());
    }

    @Test
    void eventsThatFollowedAreTakenAtOnceUntilTheyAreForgotten() {
        CapturedTree tree = new CapturedTree("Small", RegionPolicy.of(2).withPaths(2), (name, schedule, warm) -> {
            throw new IllegalStateException("no code for " + name);
        });
        Walk first = tree.walk();
        int square = input(first, false);
        int once = tanh(first, square);
        PathEvent[] events = {first.event(once), first.event(tanh(first, once))};
        first.end(new int[] {once + 1});

        Walk second = tree.walk();
        input(second, false);
        assertTrue(second.follow(events));
        assertSame(events[1], second.event(once + 1));
        assertEquals(1, tree.report().size());
        second.end(new int[] {once + 1});
        assertEquals(1, tree.report().size());

        for (int wanted = 0; wanted < 2; wanted++) {
            Walk other = tree.walk();
            int exp = other.apply(new Exp(), new int[] {input(other, false)}, true)
                    .number();
            other.end(wanted == 0 ? new int[] {exp} : new int[] {});
        }
        Walk last = tree.walk();
        input(last, false);
        assertFalse(last.follow(events));
        assertEquals(once, tanh(last, square));
    }

    @Test
    void onlyWhatMayLieInTheStorageOfAnotherValueIsSharing() {
        Walk walk = faulty.walk();
        PathEvent square = walk.input(SQUARE, Layout.contiguous(SQUARE.shape()), false, Walk.NONE);
        PathEvent other = walk.input(SQUARE, Layout.contiguous(SQUARE.shape()), false, square.number());
        PathEvent made = walk.apply(new Tanh(), new int[] {square.number()}, false);
        PathEvent view = walk.apply(new MatrixTranspose(), new int[] {made.number()}, false);
        PathEvent written = walk.write(made.number(), view.number(), false);
        assertFalse(square.isSharing() || made.isSharing());
        assertTrue(other.isSharing() && view.isSharing() && written.isSharing());
        assertTrue(view.isView());
        assertFalse(other.isView() || written.isView());
    }

    @Test
    void aFaultOfTheCompilerPinsThePathToEagerModeWithItsReason() {
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (!faulty.report().toString().contains("pinned")) {
            assertNull(tanh(faulty).program(Path.Demand.WHEN_HOT, Tier.RISING));
            assertTrue(System.nanoTime() < deadline, "the path was never compiled");
            Thread.onSpinWait();
        }
        assertNull(tanh(faulty).program(Path.Demand.WHEN_HOT, Tier.RISING));
        assertEquals(
                "pinned: java.lang.IllegalStateException: no code for Faulty_0_forward",
                faulty.report().get(0).state());
        assertEquals(0, faulty.report().get(0).hits());
        CapstanException refused =
                assertThrows(CapstanException.class, () -> tanh(faulty).program(Path.Demand.NOW, Tier.RISING));
        assertTrue(refused.getMessage().contains("the path cannot be compiled"), refused.getMessage());
    }

    @Test
    void thePathThatWasUsedLeastRecentlyIsForgotten() {
        for (int size = 1; size <= RegionPolicy.STANDARD_PATHS + 10; size++) {
            Walk walk = faulty.walk();
            TensorType type = new TensorType(DType.FLOAT32, Shape.of(size));
            int input = walk.input(type, Layout.contiguous(type.shape()), false, Walk.NONE)
                    .number();
            walk.end(new int[] {tanh(walk, input)});
        }
        assertEquals(RegionPolicy.STANDARD_PATHS, faulty.report().size());
        assertEquals(10, faulty.report().get(0).number());
        assertEquals(List.of("limit of 256 paths reached: 10 forgotten"), faulty.limits());
    }

    @Test
    void whatIsForgottenBeforeItsTurnIsNotCompiled() throws InterruptedException {
        BlockingQueue<String> begun = new LinkedBlockingQueue<>();
        CountDownLatch latch = new CountDownLatch(1);
        CapturedTree tree = new CapturedTree("Slow", RegionPolicy.of(1).withPaths(2), (name, schedule, tier) -> {
            begun.add(name);
            try {
                latch.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            throw new IllegalStateException("no code for " + name);
        });
        visit(tree, 0);
        try {
            assertEquals("Slow_0_forward", begun.poll(30, TimeUnit.SECONDS));
            for (int size = 1; size < 4; size++) {
                visit(tree, size);
            }
        } finally {
            latch.countDown();
        }
        assertEquals("Slow_2_forward", begun.poll(30, TimeUnit.SECONDS));
        assertEquals("Slow_3_forward", begun.poll(30, TimeUnit.SECONDS));
    }

    private static void visit(CapturedTree tree, int size) {
        Walk walk = tree.walk();
        TensorType type = new TensorType(DType.FLOAT32, Shape.of(size));
        int input = walk.input(type, Layout.contiguous(type.shape()), false, Walk.NONE)
                .number();
        assertNull(walk.end(new int[] {tanh(walk, input)}).program(Path.Demand.WHEN_HOT, Tier.RISING));
    }
}

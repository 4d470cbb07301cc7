// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.spi.PathReport;
import dev.capstan.runtime.spi.RegionPolicy;
import dev.capstan.runtime.spi.Tier;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.tracer.capture.CapturedTree;
import dev.capstan.tracer.capture.ScheduleCompiler;
import dev.capstan.tracer.schedule.Schedule;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Regions whose compiler has faults. */
final class FaultyProgramsTest {
    /** Makes programs that compute nothing, and none of backward passes. */
    private static final class Faulty implements ScheduleCompiler {
        @Override
        public CompiledSchedule compile(String name, Schedule schedule, Tier tier) {
            if (name.contains("backward")) {
                throw new IllegalStateException("no code for " + name);
            }
            return new Nothing();
        }
    }

    private static final class Nothing implements ScheduleCompiler.CompiledSchedule {
        @Override
        public void run(Object[] arrays, int[] offsets) {}

        @Override
        public long code() {
            return 0;
        }

        @Override
        public String tier() {
            return "does nothing";
        }

        @Override
        public List<PathReport.Artifact> artifacts() {
            return List.of();
        }
    }

    private final CapturedTree tree = new CapturedTree("Wrong", RegionPolicy.of(1), new Faulty());
    private final Shadow shadow = new Shadow(true);
    private final Tensor x = Tensor.of(new float[] {0.5f, -1}).requiresGrad(true);

    private Tensor call(Stance stance, Supplier<Tensor> body) {
        try (Stance.Scope scope = stance.enter()) {
            return Region.call(tree, shadow, new Taping(), body);
        }
    }

    @Test
    void theNthCallOfAWrongProgramIsRefused() {
        shadow.every(3);
        List<Integer> refused = new ArrayList<>();
        for (int i = 1; i <= 7; i++) {
            try {
                assertEquals(0, call(Stance.COMPILE_NOW, x::exp).toFloatArray()[0]);
            } catch (CapstanException fault) {
                assertTrue(fault.getMessage().contains("is 0.0, eagerly 1.6487212"), fault.getMessage());
                refused.add(i);
            }
        }
        assertEquals(List.of(3, 6), refused);
    }

    @Test
    void aBackwardPassThatCannotBeCompiledStaysEagerAndIsTold() throws InterruptedException {
        Tensor reference = Tensor.of(new float[] {0.5f, -1}).requiresGrad(true);
        reference.exp().sum().backward();
        for (int i = 0; i < 3 || !tree.report().get(0).tiers().toString().contains("pinned") && i < 10_000; i++) {
            x.setGrad(null);
            call(Stance.COMPILED, x::exp).sum().backward();
            assertEquals(reference.grad().toString(), x.grad().toString());
            Thread.sleep(1);
        }
        PathReport path = tree.report().get(0);
        assertTrue(path.hits() > 0);
        assertEquals(
                List.of(
                        "forward: does nothing",
                        "backward: pinned: java.lang.IllegalStateException: no code for Wrong_0_backward0"),
                path.tiers());
        assertTrue(path.bailOuts().get(0).startsWith("made again at FaultyProgramsTest."), path.bailOuts()::toString);
        Tensor y = call(Stance.COMPILE_NOW, x::exp).sum();
        CapstanException refused = assertThrows(CapstanException.class, y::backward);
        assertTrue(refused.getMessage().contains("the backward pass cannot be compiled"), refused.getMessage());
    }
}

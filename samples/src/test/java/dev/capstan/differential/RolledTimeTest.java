// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Stance;
import dev.capstan.differential.RecurrentTraining.Cell;
import dev.capstan.runtime.spi.PathReport;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Loops in somebody's Java are loops in the program: another length is the same classes, and the same bits as eager. */
class RolledTimeTest {
    @ParameterizedTest
    @EnumSource(names = {"RNN", "LSTM", "GRU"})
    void anotherLengthNeedsNoOtherClass(Cell cell) {
        RecurrentTraining eager = new RecurrentTraining(cell);
        RecurrentTraining compiled = new RecurrentTraining(cell);
        Tensors.assertSameBits(eager.run(Stance.EAGER, 50, 61), compiled.run(Stance.COMPILE_NOW, 50, 61));
        Set<String> known = compiled.classes();
        assertTrue(known.stream().anyMatch(name -> name.startsWith("Body")), known::toString);

        int[] others = {70, 53, 50, 64};
        Tensors.assertSameBits(eager.run(Stance.EAGER, others), compiled.run(Stance.COMPILE_NOW, others));
        assertEquals(known, compiled.classes());
        for (PathReport path : compiled.paths()) {
            assertTrue(path.hits() > 0, path::state);
            assertTrue(
                    path.tiers().stream().allMatch(tier -> tier.endsWith(": generated, rolled")),
                    () -> "" + path.tiers());
        }
    }

    @Test
    void anotherLengthIsCompiledAtItsFirstCall() {
        RecurrentTraining training = new RecurrentTraining(Cell.GRU);
        training.run(Stance.COMPILE_NOW, 50);
        try (Stance.Scope hot = Stance.COMPILED.enter()) {
            training.step(61);
        }
        PathReport other = training.paths().get(1);
        assertEquals(1, other.visits());
        assertNotEquals("counting", other.state());
    }

    @ParameterizedTest
    @EnumSource(names = {"RNN", "LSTM", "GRU"})
    void aLengthOfAFewStepsIsStraight(Cell cell) {
        RecurrentTraining eager = new RecurrentTraining(cell);
        RecurrentTraining compiled = new RecurrentTraining(cell);
        int[] few = {1, 2, 3, 4, 10};
        Tensors.assertSameBits(eager.run(Stance.EAGER, few), compiled.run(Stance.COMPILE_NOW, few));
        assertTrue(compiled.paths().stream()
                .flatMap(path -> path.tiers().stream())
                .noneMatch(tier -> tier.contains("rolled")));
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.differential.RecurrentTraining.Cell;
import dev.capstan.runtime.spi.PathReport;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A sequence of a new length is not compiled once three lengths were, and is trained on to the same bits as in eager mode. */
class FormsTest {
    private static final int[] KNOWN = {20, 30, 40};

    private static boolean isInForm(PathReport path) {
        return path.tiers().stream().allMatch(tier -> tier.startsWith("forward, in the form of other lengths"));
    }

    private static List<PathReport> paths(RecurrentTraining training, int since) {
        List<PathReport> paths = training.paths();
        return paths.subList(since, paths.size());
    }

    private static void assertServedInForm(List<PathReport> paths) {
        for (PathReport path : paths) {
            assertTrue(isInForm(path), () -> path.events() + " events: " + path.tiers());
            assertEquals(0, path.compilations());
            assertEquals(0, path.compileNanos());
            assertTrue(path.hits() > 0, path::state);
        }
    }

    private static void compare(RecurrentTraining eager, RecurrentTraining compiled, int... lengths) {
        Tensors.assertSameBits(eager.run(Stance.EAGER, lengths), compiled.run(Stance.COMPILE_NOW, lengths));
    }

    @ParameterizedTest
    @EnumSource
    void aFourthLengthIsNotCompiled(Cell cell) {
        RecurrentTraining eager = new RecurrentTraining(cell);
        RecurrentTraining compiled = new RecurrentTraining(cell);
        compare(eager, compiled, KNOWN);
        int before = compiled.paths().size();
        assertTrue(compiled.paths().stream().noneMatch(FormsTest::isInForm));

        int[] others = {50, 12, 24, 36};
        compare(eager, compiled, others);
        assertServedInForm(paths(compiled, before));
        assertEquals(others.length, compiled.paths().size() - before);
    }

    @Test
    void aNewLengthDefinesNoClass() {
        RecurrentTraining compiled = new RecurrentTraining(Cell.LSTM);
        compiled.run(Stance.COMPILE_NOW, 1, 2, 10, 20, 30);
        compiled.run(Stance.COMPILE_NOW, 40);
        Set<String> known = compiled.classes();
        compiled.run(Stance.COMPILE_NOW, 6, 7, 33, 41, 64);
        assertEquals(known, compiled.classes());
    }

    @Test
    void aLengthThatIsTooShortForTheFormIsCompiled() {
        RecurrentTraining eager = new RecurrentTraining(Cell.LSTM);
        RecurrentTraining compiled = new RecurrentTraining(Cell.LSTM);
        compare(eager, compiled, KNOWN);
        int before = compiled.paths().size();
        compare(eager, compiled, 1, 2, 3, 4);
        for (PathReport path : paths(compiled, before)) {
            assertTrue(!isInForm(path) && path.compilations() > 0 && path.hits() > 0, () -> "" + path.tiers());
        }
    }

    @Test
    void asManyEventsOfAnotherKindAreAnotherForm() {
        RecurrentTraining eager = new RecurrentTraining(Cell.IRREGULAR);
        RecurrentTraining compiled = new RecurrentTraining(Cell.IRREGULAR);
        compare(eager, compiled, KNOWN);
        int before = compiled.paths().size();
        eager.shift(2);
        compiled.shift(2);
        compare(eager, compiled, 24);
        assertTrue(paths(compiled, before).stream().noneMatch(FormsTest::isInForm));
        eager.shift(0);
        compiled.shift(0);
        compare(eager, compiled, 25);
        assertServedInForm(paths(compiled, before + 1));
    }

    @Test
    void theStateOfAnOptimizerIsOfTheForm() {
        RecurrentTraining eager = new RecurrentTraining(Cell.GRU, true);
        RecurrentTraining compiled = new RecurrentTraining(Cell.GRU, true);
        compare(eager, compiled, 10, 20, 30);
        int before = compiled.paths().size();
        compare(eager, compiled, 15, 35);
        assertServedInForm(paths(compiled, before));
    }

    @Test
    void aLengthOfAnotherFormIsCompiled() {
        RecurrentTraining eager = new RecurrentTraining(Cell.IRREGULAR);
        RecurrentTraining compiled = new RecurrentTraining(Cell.IRREGULAR);
        compare(eager, compiled, KNOWN);
        int before = compiled.paths().size();
        // the time that is different never comes
        compare(eager, compiled, 4);
        assertTrue(paths(compiled, before).stream().noneMatch(FormsTest::isInForm));
    }

    @Test
    void programsInAFormRiseInTheBackground() throws InterruptedException {
        RecurrentTraining eager = new RecurrentTraining(Cell.RNN);
        RecurrentTraining compiled = new RecurrentTraining(Cell.RNN);
        compare(eager, compiled, KNOWN);
        int before = compiled.paths().size();
        try (Stance.Scope scope = Stance.COMPILED.enter()) {
            long end = System.nanoTime() + 60_000_000_000L;
            while (paths(compiled, before).stream().noneMatch(path -> path.hits() > 0)) {
                assertTrue(System.nanoTime() < end, () -> "" + paths(compiled, before));
                List<Tensor> mine = List.of(compiled.step(17));
                try (Stance.Scope inner = Stance.EAGER.enter()) {
                    Tensors.assertSameBits(List.of(eager.step(17)), mine);
                }
                Thread.sleep(1);
            }
        }
        compare(eager, compiled, 17);
        assertTrue(isInForm(paths(compiled, before).get(0)));
        assertEquals(0, paths(compiled, before).get(0).compilations());
    }

    /** The lengths from 12 to 200 in random order. */
    @ParameterizedTest
    @EnumSource
    @Tag("nightly")
    void anyLengthIsServed(Cell cell) {
        RecurrentTraining eager = new RecurrentTraining(cell);
        RecurrentTraining compiled = new RecurrentTraining(cell);
        compare(eager, compiled, KNOWN);
        int before = compiled.paths().size();
        List<Integer> lengths =
                new ArrayList<>(IntStream.rangeClosed(12, 200).boxed().toList());
        Collections.shuffle(lengths, new Random(1));
        compare(eager, compiled, lengths.stream().mapToInt(i -> i).toArray());
        assertServedInForm(paths(compiled, before));
    }
}

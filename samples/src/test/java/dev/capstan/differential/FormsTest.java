// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Compiled;
import dev.capstan.CompiledFunction;
import dev.capstan.Generator;
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
    void aLengthThatIsTooShortForTheLoopsOfTheFormHasItsBodies() {
        RecurrentTraining eager = new RecurrentTraining(Cell.LSTM);
        RecurrentTraining compiled = new RecurrentTraining(Cell.LSTM);
        compare(eager, compiled, KNOWN);
        compare(eager, compiled, 12);
        int before = compiled.paths().size();
        Set<String> known = compiled.classes();
        compare(eager, compiled, 3, 4, 2);
        assertServedInForm(paths(compiled, before));
        assertEquals(known, compiled.classes());
    }

    @Test
    void aLengthWithOtherEventsIsCompiled() {
        RecurrentTraining eager = new RecurrentTraining(Cell.LSTM);
        RecurrentTraining compiled = new RecurrentTraining(Cell.LSTM);
        compare(eager, compiled, KNOWN);
        int before = compiled.paths().size();
        compare(eager, compiled, 1);
        PathReport path = paths(compiled, before).get(0);
        assertTrue(!isInForm(path) && path.compilations() > 0 && path.hits() > 0, () -> "" + path.tiers());
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

    /** A recurrence whose results are compared with one another, each with each. */
    private static List<Tensor> pairs(CompiledFunction<Tensor, Tensor> region, Stance stance, int... lengths) {
        List<Tensor> seen = new ArrayList<>();
        try (Stance.Scope scope = stance.enter()) {
            for (int length : lengths) {
                Tensor x = new Generator(length).normal(length, 2, 3);
                for (int i = 0; i < 3; i++) {
                    seen.add(region.apply(x));
                }
            }
        }
        return seen;
    }

    private static Tensor pairs(Tensor x) {
        Tensor state = Tensor.zeros(2, 3);
        List<Tensor> outs = new ArrayList<>();
        for (int t = 0; t < x.size(0); t++) {
            state = x.select(0, t).add(state.mul(0.5)).tanh();
            outs.add(state);
        }
        Tensor all = Tensor.stack(outs, 0).reshape(2 * x.size(0), 3);
        return all.mm(all.transpose(0, 1)).mean();
    }

    @Test
    void whatGrowsWithTheSquareOfTheLengthIsCompiled() {
        CompiledFunction<Tensor, Tensor> region = Compiled.function((Tensor x) -> pairs(x));
        int[] lengths = {10, 20, 30, 40, 25};
        Tensors.assertSameBits(pairs(region, Stance.EAGER, lengths), pairs(region, Stance.COMPILE_NOW, lengths));
        List<PathReport> paths = region.compiled().report();
        assertEquals(lengths.length, paths.size());
        assertTrue(paths.stream().noneMatch(FormsTest::isInForm));
        assertTrue(paths.stream().allMatch(path -> path.hits() > 0));
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

    /** After 1, 2, 10, 20 and 30, the lengths up to 200 in random order. The first of them shows the classes of the form. */
    @ParameterizedTest
    @EnumSource(names = {"RNN", "LSTM", "GRU"})
    @Tag("nightly")
    void anyLengthIsServed(Cell cell) {
        RecurrentTraining eager = new RecurrentTraining(cell);
        RecurrentTraining compiled = new RecurrentTraining(cell);
        compare(eager, compiled, 1, 2, 10, 20, 30);
        int before = compiled.paths().size();
        compare(eager, compiled, 4);
        Set<String> known = compiled.classes();
        List<Integer> lengths =
                new ArrayList<>(IntStream.rangeClosed(1, 200).boxed().toList());
        Collections.shuffle(lengths, new Random(1));
        compare(eager, compiled, lengths.stream().mapToInt(i -> i).toArray());
        assertServedInForm(paths(compiled, before));
        assertEquals(known, compiled.classes());
    }
}

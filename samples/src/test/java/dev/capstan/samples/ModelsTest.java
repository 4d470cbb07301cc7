// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Generator;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.runtime.spi.PathReport;
import dev.capstan.runtime.type.DType;
import dev.capstan.samples.programs.Expression;
import dev.capstan.samples.programs.MiniGpt;
import dev.capstan.samples.programs.Sample;
import dev.capstan.samples.programs.Training;
import dev.capstan.samples.programs.TreeLstm;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The larger samples: what they compute is the same in both modes, and they learn. */
@Tag("everywhere")
final class ModelsTest {
    /** What a training leaves behind. */
    private record Outcome(List<Double> losses, Map<String, Tensor> parameters, String closing, Training training) {}

    private static Outcome train(Stance stance, Sample sample, String... options) {
        Training training = ReferenceProgram.start(sample, options);
        List<Double> losses = new ArrayList<>();
        try (Stance.Scope scope = stance.enter()) {
            for (int i = 0; i < training.steps(); i++) {
                losses.add(training.step(i));
            }
            return new Outcome(losses, training.parameters(), training.closing(), training);
        }
    }

    private static Training compare(Sample sample, String... options) {
        Outcome eager = train(Stance.EAGER, sample, options);
        Outcome compiled = train(Stance.COMPILE_NOW, sample, options);
        assertEquals(eager.losses(), compiled.losses());
        assertEquals(eager.closing(), compiled.closing());
        eager.parameters()
                .forEach((name, parameter) ->
                        Bits.assertEqual(name, parameter, compiled.parameters().get(name)));
        return compiled.training();
    }

    private static long hits(List<PathReport> paths) {
        return paths.stream().mapToLong(PathReport::hits).sum();
    }

    @Test
    void textOfAnyLengthIsLearnedAlikeInBothModes() {
        Training training = compare(Sample.CHAR_RNN, "--hidden", "6", "--batch", "3", "--steps", "20");
        List<PathReport> paths = training.region().report();
        assertEquals(4, paths.size());
        assertEquals(20 - 2 * 4, hits(paths));
        assertTrue(
                paths.stream().allMatch(path -> path.bailOuts().isEmpty()),
                training.region().explain());
    }

    @Test
    void transformersAreTheSameInBothModes() {
        Training training = compare(Sample.MINI_GPT, "--hidden", "8", "--batch", "2", "--steps", "16");
        List<PathReport> paths = training.region().report();
        assertEquals(16 - 2 * paths.size(), hits(paths));
        assertTrue(
                paths.stream().allMatch(path -> path.bailOuts().isEmpty()),
                training.region().explain());
    }

    @Test
    void aTransformerSeesNoFuture() {
        Generator.manualSeed(1);
        MiniGpt model = new MiniGpt(5, 8, 12);
        Tensor text = new Generator(3).integers(0, 5, 2, 12);
        Tensor whole = model.apply(text);
        for (int time = 1; time < 12; time += 5) {
            Bits.assertEqual(
                    "the first " + time,
                    whole.narrow(1, 0, time).detach(),
                    model.apply(text.narrow(1, 0, time)).detach());
        }
    }

    @Test
    void textIsLearned() {
        Outcome outcome = train(Stance.EAGER, Sample.CHAR_RNN, "--hidden", "32", "--batch", "8", "--steps", "100");
        double last = outcome.losses().subList(80, 100).stream()
                .mapToDouble(loss -> loss)
                .average()
                .orElseThrow();
        assertTrue(last < outcome.losses().get(0) / 2, outcome.losses().toString());
        assertTrue(outcome.closing().contains("the "), outcome.closing());
    }

    @Test
    void treesAreLearnedAlikeInBothModes() {
        Training training = compare(Sample.TREE_LSTM, "--hidden", "6", "--batch", "2", "--steps", "50");
        // the first steps are captured as a whole, then the cell is by itself, and has some nodes in each of the others
        assertTrue(hits(training.region().report()) > 100, training.region().explain());
    }

    @Test
    void theCellOfATreeIsCompiledByItself() {
        Generator.manualSeed(1);
        TreeLstm model = new TreeLstm(DType.FLOAT32, 6);
        Generator generator = new Generator(2);
        long before = hits(model.cell().compiled().report());
        for (int i = 0; i < 10; i++) {
            List<Expression> expressions =
                    List.of(Expression.random(generator, 1 + i), Expression.random(generator, 3));
            List<Tensor> eager = gradients(Stance.EAGER, model, expressions);
            List<Tensor> compiled = gradients(Stance.COMPILE_NOW, model, expressions);
            for (int j = 0; j < eager.size(); j++) {
                Bits.assertEqual("tree " + i + ", tensor " + j, eager.get(j), compiled.get(j));
            }
        }
        // 2 n - 1 nodes in a tree of n leaves, and only the first visits of each path are eager
        long nodes = 10 * 10 + 10 * 5;
        long served = hits(model.cell().compiled().report()) - before;
        assertTrue(
                served >= nodes - 6,
                served + " of " + nodes + ": " + model.cell().compiled().explain());
    }

    private static List<Tensor> gradients(Stance stance, TreeLstm model, List<Expression> expressions) {
        model.zeroGrad();
        List<Tensor> seen = new ArrayList<>();
        try (Stance.Scope scope = stance.enter()) {
            Tensor logits = model.apply(expressions);
            logits.square().sum().backward();
            seen.add(logits.detach());
            model.parameters().forEach(parameter -> seen.add(parameter.grad()));
        }
        return seen;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.autograd.GraphText;
import dev.capstan.io.Safetensors;
import dev.capstan.io.SafetensorsFile;
import dev.capstan.samples.programs.Sample;
import dev.capstan.samples.programs.Tape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sample {@code tape} against what PyTorch printed for the same graph. */
@Tag("everywhere")
final class TapeTest {
    private static final String FILE =
            ReferenceProgram.path("11_grad_fn_graph.safetensors").toString();

    private static Tape tape() {
        return (Tape) Sample.TAPE.start(ReferenceProgram.settings("--init", FILE));
    }

    @Test
    void theTapeIsPyTorchs() throws IOException {
        String json = Files.readString(ReferenceProgram.path("11_grad_fn_graph.json"));
        Matcher list =
                Pattern.compile("\"tree_text\": \\[(.*?)\\]", Pattern.DOTALL).matcher(json);
        assertTrue(list.find());
        List<String> theirs = Pattern.compile("\"(.*?)\"")
                .matcher(list.group(1))
                .results()
                .map((MatchResult line) ->
                        line.group(1).replace("Backward0", "Backward").replace(" variable=", " of "))
                .toList();
        Tape tape = tape();
        try (Stance.Scope scope = Stance.EAGER.enter()) {
            GraphText graph = GraphText.of(tape.forward().nextNextH()).withNames(tape.leaves());
            List<String> ours = graph.tree().lines().toList();
            assertTrue(ours.stream().anyMatch(line -> line.endsWith("AccumulateGrad of h [1,20]")), ours.toString());
            assertEquals(
                    theirs,
                    ours.stream()
                            .map(line -> line.replaceFirst(" \\[[0-9,]*\\]$", ""))
                            .toList());
        }
    }

    @Test
    void gradientsAreThoseOfPyTorch() {
        SafetensorsFile theirs = Safetensors.read(ReferenceProgram.path("11_grad_fn_graph.safetensors"));
        for (Stance stance : List.of(Stance.EAGER, Stance.COMPILE_NOW)) {
            Tape tape = tape();
            try (Stance.Scope scope = stance.enter()) {
                Tensor result = tape.forward().nextNextH();
                assertClose(theirs.tensor("next_next_h"), result);
                result.backward(theirs.tensor("gradient_random"));
            }
            tape.leaves().forEach((name, leaf) -> assertClose(theirs.tensor("grad_random." + name), leaf.grad()));
        }
    }

    private static void assertClose(Tensor expected, Tensor actual) {
        assertEquals(expected.shape(), actual.shape());
        assertArrayEquals(expected.toDoubleArray(), actual.toDoubleArray(), 2e-6);
    }

    @Test
    void aCompiledCellIsOneNodeWithTheSameNumbers() {
        CommandRun eager = CommandRun.of("run", "tape", "--mode", "eager");
        CommandRun compiled = CommandRun.of("run", "tape", "--mode", "compiled");
        assertEquals(0, eager.exitCode());
        assertEquals(0, compiled.exitCode());
        assertTrue(eager.text().contains("nextNextH: TanhBackward"), eager.text());
        assertTrue(compiled.text().contains("nextNextH: cellBackward"), compiled.text());
        assertEquals(numbers(eager), numbers(compiled));
    }

    @Test
    void theGraphIsWrittenForGraphviz(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("tape.dot");
        CommandRun run = CommandRun.of("run", "tape", "--mode", "eager", "--dot", file.toString());
        assertEquals(List.of(), run.err());
        String dot = Files.readString(file);
        assertTrue(dot.startsWith("digraph tape {"), dot);
        assertTrue(dot.contains("[shape=box, label=\"AccumulateGrad of W_h [20,20]\"]"), dot);
    }

    private static List<String> numbers(CommandRun run) {
        return Pattern.compile("-?\\d+\\.\\d+(e[+-]\\d+)?")
                .matcher(run.text())
                .results()
                .map(MatchResult::group)
                .toList();
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Tensor;
import dev.capstan.io.Safetensors;
import dev.capstan.io.SafetensorsFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code capstan run}, in the process of the test. */
@Tag("everywhere")
final class RunCommandTest {
    private static final String RNN_FILE = "10_rnn_dynamic_steps.safetensors";
    private static final String NET_FILE = "09_dynamicnet_sgd_momentum.safetensors";

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "two-layer",
                "two-layer --variant nn --optimizer adam --lr 0.001",
                "two-layer --variant autograd --zero-grad zeros",
                "two-layer --variant module --momentum 0.5",
                "custom-function --lr 2e-6",
                "dynamic-net --zero-grad zeros",
                "dynamic-net --optimizer adam --dtype float64",
                "dynamic-rnn --seed 7",
                "dynamic-rnn --optimizer sgd --lr 0.1 --momentum 0.9",
                "char-rnn --hidden 8 --batch 2",
                "mini-gpt --hidden 8 --batch 2 --optimizer adam",
                "tree-lstm --hidden 8 --batch 2 --optimizer adamw --dtype float64"
            })
    void bothModesWriteTheSameLosses(String arguments) throws IOException {
        List<String> eager = losses(arguments + " --steps 6 --mode eager");
        List<String> compiled = losses(arguments + " --steps 6 --mode compiled");
        assertEquals("step,loss", eager.get(0));
        assertEquals(7, eager.size());
        assertEquals(eager, compiled);
    }

    private List<String> losses(String arguments) throws IOException {
        Path file = folder.resolve("losses.csv");
        CommandRun run = run(arguments + " --losses " + file);
        assertEquals(List.of(), run.err());
        assertEquals(0, run.exitCode());
        List<String> lines = Files.readAllLines(file);
        for (int i = 0; i < 6; i++) {
            String[] cells = lines.get(i + 1).split(",");
            assertEquals(i, Integer.parseInt(cells[0]));
            double loss = Double.parseDouble(cells[1]);
            assertEquals(
                    String.format("step %4d   loss %.6g", i, loss), run.out().get(i));
        }
        assertTrue(run.text().contains("time per step"), run.text());
        return lines;
    }

    private static CommandRun run(String arguments) {
        List<String> words = new ArrayList<>(List.of("run"));
        words.addAll(Arrays.asList(arguments.split(" ")));
        return CommandRun.of(words.toArray(new String[0]));
    }

    @Test
    void aTextOfTheUsersIsLearned() throws IOException {
        Path file = Files.writeString(folder.resolve("text.txt"), "aßb".repeat(20));
        CommandRun run = run("char-rnn --steps 2 --hidden 4 --text " + file);
        assertEquals(0, run.exitCode());
        int title = run.out().indexOf("What the model writes:");
        assertTrue(run.out().get(title + 2).matches("[aßb]{200}"), run.text());
    }

    @Test
    void theSummaryCountsPathsHitsAndMisses() {
        CommandRun run = run("dynamic-net --steps 8 --mode compiled");
        assertEquals(0, run.exitCode());
        long hits = count(run, "hits");
        assertEquals(8, hits + count(run, "misses"));
        assertTrue(count(run, "paths") >= 1 && count(run, "paths") <= 4, run.text());
        assertTrue(run.text().contains("compile time"), run.text());
    }

    private static long count(CommandRun run, String name) {
        String line = run.out().stream()
                .filter(text -> text.startsWith(name + " "))
                .findFirst()
                .orElseThrow();
        return Long.parseLong(line.substring(name.length()).trim());
    }

    @ParameterizedTest
    @CsvSource({"dynamic-rnn,eager", "dynamic-rnn,compiled", "dynamic-net,eager", "two-layer,compiled"})
    void aPlotIsAPicture(String sample, String mode) throws IOException {
        Path file = folder.resolve("plot.png");
        assertEquals(
                0, run(sample + " --steps 4 --mode " + mode + " --plot " + file).exitCode());
        assertNotNull(ImageIO.read(file.toFile()));
    }

    @Test
    void initialValuesReplaceAllThatIsDrawn() throws IOException {
        Path file = folder.resolve("losses.csv");
        String arguments = "dynamic-rnn --mode eager --losses " + file + " --init " + ReferenceProgram.path(RNN_FILE);
        assertEquals(0, run(arguments + " --seed 1").exitCode());
        List<String> one = Files.readAllLines(file);
        assertEquals(0, run(arguments + " --seed 2").exitCode());
        assertEquals(61, one.size());
        assertEquals(one, Files.readAllLines(file));
    }

    @Test
    void otherNamesOfTheLayersAreAccepted() throws IOException {
        Path file = folder.resolve("other.safetensors");
        Map<String, Tensor> renamed = new LinkedHashMap<>();
        ReferenceProgram.DYNAMIC_NET
                .file()
                .tensors()
                .forEach((name, tensor) -> renamed.put(
                        name.replace("input_linear", "input_layer")
                                .replace("middle_linear", "hidden_layer")
                                .replace("output_linear", "output_layer"),
                        tensor));
        Safetensors.write(file, renamed);
        String rest = " --mode eager --steps 3 --init ";
        assertEquals(
                run("dynamic-net" + rest + ReferenceProgram.path(NET_FILE))
                        .out()
                        .subList(0, 3),
                run("dynamic-net" + rest + file).out().subList(0, 3));
    }

    @Test
    void aCheckpointMayStandForInitialValues() {
        Path file = folder.resolve("checkpoint.safetensors");
        SafetensorsFile reference = ReferenceProgram.DYNAMIC_RNN.file();
        Map<String, Tensor> state = new LinkedHashMap<>();
        reference.tensors().forEach((name, tensor) -> {
            if (name.startsWith("final.rnn.") || name.startsWith("final.out.")) {
                state.put(name.substring("final.".length()), tensor);
            }
        });
        Safetensors.write(file, state);
        String frozen = "dynamic-rnn --mode eager --steps 5 --lr 0";
        assertTrue(lastLoss(frozen + " --init " + file) < lastLoss(frozen) / 3, "it is trained already");
    }

    private static double lastLoss(String arguments) {
        CommandRun run = run(arguments);
        assertEquals(0, run.exitCode());
        return Double.parseDouble(run.out().get(4).replaceFirst(".*loss ", ""));
    }

    @Test
    void aTerminalGetsAProgressBarBelowTheLosses() {
        StringWriter text = new StringWriter();
        try (LossPrinter printer = new LossPrinter("sample", 2, new PrintWriter(text), true)) {
            printer.step(0, 1);
            printer.step(1, 0.5);
        }
        String erased = "\r\u001b[K";
        assertTrue(
                text.toString().contains(erased + "step    0   loss 1.00000" + System.lineSeparator()),
                text.toString());
        assertTrue(text.toString().contains("sample 100%"), text.toString());
        assertTrue(text.toString().endsWith(erased), text.toString());
    }

    @Test
    void versionAndHelpAreNoErrors() {
        assertEquals(0, CommandRun.of("--version").exitCode());
        assertTrue(CommandRun.of("--version").text().contains("Vector API"));
        assertEquals(0, CommandRun.of("--help").exitCode());
        assertTrue(CommandRun.of("run", "--help").text().contains("--zero-grad"));
    }
}

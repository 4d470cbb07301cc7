// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Tensor;
import dev.capstan.io.Safetensors;
import dev.capstan.runtime.type.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What cannot be used is refused before anything runs: one line, exit code 2. */
@Tag("everywhere")
final class BadInputTest {
    private static final String RNN_FILE = "10_rnn_dynamic_steps.safetensors";

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "                                         | capstan: missing required subcommand",
                "walk                                     | capstan: unmatched argument at index 0: 'walk'",
                "run                                      | run: missing required parameter: 'SAMPLE'",
                "run three-layer                          | sample: unknown name: three-layer",
                "inspect three-layer                      | sample: unknown name: three-layer",
                "run two-layer --speed 3                  | run: unknown options: '--speed', '3'",
                "run two-layer --mode fast                | run: invalid value for option '--mode': expected one of [EAGER, COMPILED]",
                "run two-layer --variant numpy            | --variant: unknown variant: numpy (there are nn, autograd, module)",
                "run two-layer --optimizer lion           | run: invalid value for option '--optimizer': expected one of [SGD, ADAM, ADAMW]",
                "run two-layer --steps 0                  | --steps: not a number from 1 on: 0",
                "run two-layer --steps many               | run: invalid value for option '--steps': 'many' is not an int",
                "run two-layer --lr -1                    | --lr: not a finite number from 0 on: -1.0",
                "run two-layer --momentum 1               | --momentum: not from 0 to below 1: 1.0",
                "run two-layer --dtype int64              | run: invalid value for option '--dtype': expected float32 or float64 but was 'int64'",
                "run two-layer --zero-grad maybe          | run: invalid value for option '--zero-grad': expected one of [NONE, ZEROS]",
                "run two-layer --losses /no/such/file.csv | --losses: the file cannot be written: /no/such/file.csv",
                "run tape --dot /no/such/file.dot         | --dot: the file cannot be written: /no/such/file.dot",
                "run two-layer --plot plot.gif            | --plot: not the name of a PNG file: plot.gif",
                "run two-layer --plot /no/such/plot.png   | --plot: the file cannot be written: /no/such/plot.png",
                "run two-layer --init /no/such/file       | safetensors: the file cannot be read: /no/such/file",
                "run char-rnn --hidden 0                  | --hidden: not a number from 1 on: 0",
                "run mini-gpt --hidden 6                  | --hidden: no multiple of the 4 heads: 6",
                "run char-rnn --text /no/such/file        | --text: the file cannot be read: /no/such/file",
                "inspect dynamic-rnn --steps 1 --path 99  | --path: no such path: 99"
            })
    void isRefusedInOneLine(String arguments, String message) {
        assertRefused(message, arguments == null ? new String[0] : arguments.split(" "));
    }

    @ParameterizedTest
    @CsvSource({
        "dynamic-net --variant nn,dynamic-net,--variant",
        "dynamic-rnn --variant module,dynamic-rnn,--variant",
        "two-layer --variant autograd --optimizer sgd,two-layer,--optimizer",
        "two-layer --variant autograd --momentum 0.9,two-layer,--momentum",
        "dynamic-net --optimizer adam --momentum 0.9,dynamic-net,--momentum",
        "tape --steps 3,tape,--steps",
        "tape --lr 0.1,tape,--lr",
        "tape --losses losses.csv,tape,--losses",
        "tape --plot plot.png,tape,--plot",
        "two-layer --hidden 8,two-layer,--hidden",
        "tree-lstm --text a.txt,tree-lstm,--text",
        "two-layer --dot tape.dot,two-layer,--dot"
    })
    void anOptionWithoutUseIsRefused(String arguments, String sample, String option) {
        assertRefused(sample + ": no use for the option here: " + option, ("run " + arguments).split(" "));
    }

    private static void assertRefused(String message, String... arguments) {
        CommandRun run = CommandRun.of(arguments);
        assertEquals(2, run.exitCode(), Arrays.toString(arguments));
        assertEquals(1, run.err().size(), run.err().toString());
        assertTrue(run.err().get(0).startsWith(message), run.err().get(0));
        assertEquals(List.of(), run.out());
    }

    @Test
    void aTruncatedFileIsRefused() throws IOException {
        byte[] whole = Files.readAllBytes(ReferenceProgram.path(RNN_FILE));
        for (int length : new int[] {0, 7, 8, 100, 3000, whole.length - 1}) {
            Path file = folder.resolve("truncated.safetensors");
            Files.write(file, Arrays.copyOf(whole, length));
            assertRefused("safetensors: ", "run", "dynamic-rnn", "--init", file.toString());
        }
    }

    @Test
    void aCorruptHeaderIsRefused() throws IOException {
        byte[] bytes = Files.readAllBytes(ReferenceProgram.path(RNN_FILE));
        bytes[8] = 'x';
        Path file = folder.resolve("corrupt.safetensors");
        Files.write(file, bytes);
        assertRefused("safetensors: ", "run", "dynamic-rnn", "--init", file.toString());
    }

    @Test
    void initialValuesThatDoNotFitAreRefused() {
        assertRefusedInitial(
                "shapes differ: init.x is [32,1000], not [64,1000]", "two-layer", "init.x", Tensor.zeros(32, 1000));
        assertRefusedInitial(
                "shapes differ: init.2.weight is [100,10], not [10,100]",
                "two-layer",
                "init.2.weight",
                Tensor.zeros(100, 10));
        assertRefusedInitial(
                "not a floating tensor: init.y is int64", "two-layer", "init.y", Tensor.zeros(DType.INT64, 64, 10));
        assertRefusedInitial(
                "not a vector of whole numbers: init.depth is float32[500]",
                "dynamic-net",
                "init.depth",
                Tensor.zeros(500));
        assertRefusedInitial(
                "a choice below 0 or too large: init.depth has -1", "dynamic-net", "init.depth", Tensor.of(new long[] {
                    0, -1
                }));
        assertRefusedInitial(
                "a choice below 1 or too large: init.dynamic_steps has 0",
                "dynamic-rnn",
                "init.dynamic_steps",
                Tensor.of(new long[] {0}));
        assertRefusedInitial(
                "nothing in the file is of use to two-layer: init.w1", "two-layer", "init.w1", Tensor.zeros(1));
        assertRefusedInitial("nothing in the file is of use to two-layer: w1", "two-layer", "w1", Tensor.zeros(1));
    }

    private void assertRefusedInitial(String message, String sample, String name, Tensor tensor) {
        Path file = folder.resolve("initial.safetensors");
        Safetensors.write(file, Map.of(name, tensor));
        assertRefused("--init: " + message, "run", sample, "--init", file.toString());
    }

    @Test
    void initialValuesOfAnotherSampleAreRefused() {
        String file = ReferenceProgram.AUTOGRAD.path().toString();
        assertRefused(
                "--init: no use for these tensors in two-layer: init.w1, init.w2", "run", "two-layer", "--init", file);
    }

    @Test
    void moreStepsThanChoicesAreRefused() {
        String file = ReferenceProgram.path(RNN_FILE).toString();
        assertRefused(
                "--init: fewer choices than steps: init.dynamic_steps has 60, not 61",
                "run",
                "dynamic-rnn",
                "--steps",
                "61",
                "--init",
                file);
    }
}

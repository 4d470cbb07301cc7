// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.samples.programs.Quickstart;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README tells the truth. */
@Tag("everywhere")
final class ReadmeTest {
    private static final Path SOURCE = Path.of("src/main/java/dev/capstan/samples/programs/Quickstart.java");

    @TempDir
    private Path folder;

    private static String readme() throws IOException {
        return Files.readString(Path.of("../README.md"));
    }

    @Test
    void theFirstProgramIsTheSamplesSource() throws IOException {
        String source = Files.readString(SOURCE);
        String shown = readme().replaceFirst("(?s).*?Save this as `Quickstart.java`:\\s*```java\\n(.*?)```.*", "$1");
        assertEquals(source.substring(source.indexOf("import ")), shown);
    }

    @Test
    void theFunctionShownIsTheSamplesSource() throws IOException {
        String source = Files.readString(SOURCE.resolveSibling("MyReLU.java"));
        String shown = source.substring(source.indexOf("final class MyReLU"));
        assertTrue(readme().contains("```java\n" + shown), shown);
    }

    @Test
    void theFirstProgramLearns() {
        PrintStream before = System.out;
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        System.setOut(new PrintStream(text, true, StandardCharsets.UTF_8));
        try {
            Quickstart.main(new String[0]);
        } finally {
            System.setOut(before);
        }
        List<String> lines = text.toString(StandardCharsets.UTF_8).lines().toList();
        double first = Double.parseDouble(lines.get(0).split(" ")[1]);
        double last = Double.parseDouble(lines.get(5).split(" ")[1]);
        assertTrue(last < first / 100, lines.toString());
        assertTrue(lines.get(7).contains("501 visits"), lines.toString());
    }

    /** Each command of the README, with two steps so that it ends soon, and its files in a folder of the test. */
    @Test
    void theCommandsRun() throws IOException {
        Pattern command = Pattern.compile(
                "\\./capstan ((?:run|inspect) [^.`#\\n][^`#\\n]*)|^\\| `((?:two|custom|dynamic|char|mini|tree|tape)[^`]*)`",
                Pattern.MULTILINE);
        List<String> commands = command.matcher(readme())
                .results()
                .map(match -> match.group(1) != null ? match.group(1) : "run " + match.group(2))
                .toList();
        assertEquals(19, commands.size(), commands.toString());
        for (String line : commands) {
            List<String> words = new ArrayList<>(Arrays.asList(line.trim().split("\\s+")));
            for (String option : List.of("--losses", "--plot", "--dot", "--out")) {
                int at = words.indexOf(option) + 1;
                if (at > 0) {
                    words.set(at, folder.resolve(words.get(at)).toString());
                }
            }
            int steps = words.indexOf("--steps") + 1;
            if (steps > 0) {
                words.set(steps, "2");
            } else if (!words.contains("tape") && !words.contains("--help")) {
                words.addAll(List.of("--steps", "2"));
            }
            CommandRun run = CommandRun.of(words.toArray(new String[0]));
            assertEquals(List.of(), run.err(), words.toString());
            assertEquals(0, run.exitCode(), words.toString());
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.spi.Compilers;
import dev.capstan.runtime.spi.LoopKernel;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code capstan inspect}, and what it writes in the eyes of the JDK's own tools. */
@Tag("everywhere")
final class InspectCommandTest {
    @TempDir
    private Path folder;

    @Test
    void theTreeBranchesWherePathsPart() {
        CommandRun run = CommandRun.of("inspect", "dynamic-net");
        assertEquals(List.of(), run.err());
        assertEquals(0, run.exitCode());
        assertTrue(
                run.out().get(0).startsWith("DynamicNetTraining: "), run.out().get(0));
        assertTrue(run.text().contains("\n+- "), run.text());
        assertTrue(run.out().stream().anyMatch(line -> line.contains("= path 0: compiled, ")), run.text());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "two-layer --steps 1",
                "two-layer --variant autograd --dtype float64 --steps 1",
                "two-layer --variant module --steps 1",
                "custom-function --steps 1",
                "dynamic-net --path 0",
                "dynamic-rnn --steps 1",
                "tape"
            })
    void everyKindOfRenditionIsShown(String arguments) {
        CommandRun run = CommandRun.of(("inspect " + arguments).split(" "));
        assertEquals(List.of(), run.err());
        assertEquals(0, run.exitCode());
        for (String title : List.of(
                "the captured graph", "the steps and the fused kernels", "the Java rendition", "the bytecode")) {
            assertTrue(run.out().stream().anyMatch(line -> line.startsWith("---- " + title)), title);
        }
    }

    @Test
    void javapAndJavacAcceptTheFiles() throws IOException {
        assertEquals(
                0,
                CommandRun.of("inspect", "two-layer", "--steps", "1", "--out", folder.toString())
                        .exitCode());
        assertTrue(Files.exists(folder.resolve("paths.txt")));
        for (Path file : files(".class")) {
            String text = run("javap", "-c", file.toString());
            assertTrue(text.contains("invokestatic") || text.contains("return"), text);
        }
        String classPath = location(LoopKernel.class)
                + File.pathSeparator
                + location(Compilers.regions().orElseThrow().getClass());
        List<String> arguments =
                new ArrayList<>(List.of("-d", folder.resolve("compiled").toString(), "-cp", classPath));
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
            arguments.addAll(List.of("--add-modules", "jdk.incubator.vector"));
        }
        files(".java").forEach(file -> arguments.add(file.toString()));
        run("javac", arguments.toArray(new String[0]));
    }

    private static String location(Class<?> type) {
        return Path.of(URI.create(
                        type.getProtectionDomain().getCodeSource().getLocation().toString()))
                .toString();
    }

    private List<Path> files(String suffix) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> found =
                    files.filter(file -> file.toString().endsWith(suffix)).toList();
            assertTrue(found.size() >= 2, suffix + ": " + found);
            return found;
        }
    }

    private static String run(String tool, String... arguments) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(text);
        int exitCode = ToolProvider.findFirst(tool).orElseThrow().run(stream, stream, arguments);
        assertEquals(0, exitCode, text.toString());
        return text.toString();
    }
}

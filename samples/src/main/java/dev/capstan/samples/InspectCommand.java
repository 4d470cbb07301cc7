// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import dev.capstan.Stance;
import dev.capstan.runtime.spi.PathReport;
import dev.capstan.runtime.spi.PathReport.Artifact;
import dev.capstan.samples.programs.Program;
import dev.capstan.samples.programs.Sample;
import dev.capstan.samples.programs.Settings;
import dev.capstan.samples.programs.Tape;
import dev.capstan.samples.programs.Training;
import dev.capstan.samples.programs.UsageException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code capstan inspect SAMPLE}: trains a few steps and shows what was compiled. */
@Command(
        name = "inspect",
        description = {
            "Trains a few steps of a sample, each path compiled at its first visit, and shows the tree of paths and, of "
                    + "one path, the captured graph, the fused kernels, the Java rendition and the bytecode."
        },
        sortOptions = false)
final class InspectCommand implements Callable<Integer> {
    /** Enough for each of four paths to be likely. */
    private static final int FEW_STEPS = 12;

    @Parameters(paramLabel = "SAMPLE", description = "the sample's name")
    private String sample;

    @Option(names = "--path", paramLabel = "N", description = "the path to show; the most visited if not given")
    private @Nullable Integer number;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "writes all that is shown, and the class files, to files")
    private @Nullable Path folder;

    @Mixin
    private Settings settings;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "shows this help")
    private boolean help;

    @Spec
    private CommandSpec spec;

    InspectCommand() {}

    @Override
    public Integer call() throws IOException {
        boolean stepsGiven = settings.has("--steps");
        Program program = Sample.of(sample).start(settings);
        try (Stance.Scope scope = Stance.COMPILE_NOW.enter()) {
            if (program instanceof Tape tape) {
                tape.tell();
            } else if (program instanceof Training training) {
                int steps = stepsGiven ? training.steps() : Math.min(FEW_STEPS, training.steps());
                for (int i = 0; i < steps; i++) {
                    training.step(i);
                }
            }
        }
        List<PathReport> paths = program.region().report();
        PathReport chosen = choose(paths);
        PrintWriter out = spec.commandLine().getOut();
        String tree = PathTreeText.of(program.region().name(), paths);
        out.println(tree);
        out.println("Path " + chosen.number() + ": " + chosen.state());
        for (Artifact artifact : chosen.artifacts()) {
            if (artifact.kind() != PathReport.Kind.CLASS_FILE) {
                out.println();
                out.println("---- " + title(artifact.kind()) + ": " + artifact.fileName());
                out.println(new String(artifact.content(), StandardCharsets.UTF_8).stripTrailing());
            }
        }
        if (folder != null) {
            write(tree, paths, out);
        }
        out.flush();
        return 0;
    }

    private PathReport choose(List<PathReport> paths) {
        if (paths.isEmpty()) {
            throw new UsageException("inspect", "no path was captured", "there is no compiler, or it is off");
        }
        if (number == null) {
            return paths.stream()
                    .max(Comparator.comparingLong(PathReport::visits))
                    .orElseThrow();
        }
        return paths.stream()
                .filter(path -> path.number() == number)
                .findFirst()
                .orElseThrow(() -> new UsageException(
                        "--path", "no such path", number + " (there are 0 to " + (paths.size() - 1) + ")"));
    }

    private static String title(PathReport.Kind kind) {
        return switch (kind) {
            case GRAPH -> "the captured graph";
            case KERNELS -> "the steps and the fused kernels";
            case JAVA -> "the Java rendition";
            case BYTECODE -> "the bytecode";
            case CLASS_FILE -> "the class file";
        };
    }

    private void write(String tree, List<PathReport> paths, PrintWriter out) throws IOException {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UsageException(
                    "--out",
                    "the folder cannot be made",
                    folder + " (" + e.getClass().getSimpleName() + ")");
        }
        Files.writeString(folder.resolve("paths.txt"), tree);
        int files = 1;
        for (PathReport path : paths) {
            for (Artifact artifact : path.artifacts()) {
                Files.write(folder.resolve(artifact.fileName()), artifact.content());
                files++;
            }
        }
        out.println();
        out.println(files + " files written to " + folder);
    }
}

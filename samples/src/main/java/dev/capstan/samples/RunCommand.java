// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import dev.capstan.Stance;
import dev.capstan.samples.programs.Program;
import dev.capstan.samples.programs.Sample;
import dev.capstan.samples.programs.Settings;
import dev.capstan.samples.programs.Tape;
import dev.capstan.samples.programs.Training;
import dev.capstan.samples.programs.UsageException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code capstan run SAMPLE}: trains and prints the losses. */
@Command(
        name = "run",
        description = "Runs a sample: two-layer, custom-function, dynamic-net, dynamic-rnn, char-rnn, mini-gpt,"
                + " tree-lstm or tape.",
        sortOptions = false)
final class RunCommand implements Callable<Integer> {
    @Parameters(paramLabel = "SAMPLE", description = "the sample's name")
    private String sample;

    @Option(names = "--mode", paramLabel = "eager|compiled", description = "compiled if not given")
    private @Nullable Mode mode;

    @Mixin
    private Settings settings;

    @Option(names = "--losses", paramLabel = "FILE.csv", description = "writes step,loss with all digits")
    private @Nullable Path losses;

    @Option(
            names = "--plot",
            paramLabel = "FILE.png",
            description = "draws target against prediction (dynamic-rnn) or the losses; live where there is a display")
    private @Nullable Path plot;

    @Option(names = "--dot", paramLabel = "FILE.dot", description = "writes the graph of the tape (tape) for Graphviz")
    private @Nullable Path dot;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "shows this help")
    private boolean help;

    @Spec
    private CommandSpec spec;

    RunCommand() {}

    @Override
    public Integer call() throws IOException {
        Program program = Sample.of(sample).start(settings);
        PrintWriter out = spec.commandLine().getOut();
        if (program instanceof Tape tape) {
            tell(tape, out);
        } else if (program instanceof Training training) {
            train(training, out);
        }
        out.flush();
        return 0;
    }

    private void tell(Tape tape, PrintWriter out) throws IOException {
        if (losses != null || plot != null) {
            throw new UsageException(sample, "no use for the option here", losses != null ? "--losses" : "--plot");
        }
        // it runs only once: compiled mode does not wait until it is hot
        boolean compiled = stance() == Stance.COMPILED;
        try (Stance.Scope scope = (compiled ? Stance.COMPILE_NOW : Stance.EAGER).enter()) {
            if (dot != null) {
                write(tape.dot());
            }
            out.print(tape.tell());
        }
    }

    private void write(String graph) throws IOException {
        try {
            Files.writeString(dot, graph);
        } catch (FileSystemException e) {
            throw new UsageException("--dot", "the file cannot be written", dot.toString());
        }
    }

    private void train(Training training, PrintWriter out) throws IOException {
        if (dot != null) {
            throw new UsageException(sample, "no use for the option here", "--dot");
        }
        Summary summary;
        String closing;
        try (Stance.Scope scope = stance().enter();
                LossPrinter printer = new LossPrinter(sample, training.steps(), out);
                LossFile file = losses == null ? null : new LossFile(losses);
                Plot chart = plot == null ? null : new Plot(plot, sample, training)) {
            List<StepListener> listeners =
                    Stream.of(printer, file, chart).filter(Objects::nonNull).toList();
            summary = TrainingLoop.run(training, listeners);
            closing = training.closing();
        }
        if (!closing.isEmpty()) {
            out.println();
            out.println(closing.stripTrailing());
            out.println();
        }
        out.print(summary.text(stance()));
    }

    private Stance stance() {
        return mode == null ? Stance.current() : mode.stance();
    }
}

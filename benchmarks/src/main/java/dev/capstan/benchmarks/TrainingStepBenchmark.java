// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks;

import dev.capstan.Stance;
import dev.capstan.samples.programs.Sample;
import dev.capstan.samples.programs.Settings;
import dev.capstan.samples.programs.Training;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import picocli.CommandLine;

/**
 * One training step of each sample, forward, backward, update and the loss read, as {@code ./capstan run} does it. Every
 * invocation trains a new model for 500 steps, so that none is measured after it has converged.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector"})
@Warmup(iterations = 6, time = 3)
@Measurement(iterations = 6, time = 2)
public class TrainingStepBenchmark {
    private static final int STEPS = 500;

    /** The sample and its options. */
    public enum Program {
        /** 64 x 1000 to 100 to 10. */
        TWO_LAYER_SGD(Sample.TWO_LAYER, "--variant", "module"),
        /** The same with Adam. */
        TWO_LAYER_ADAM(Sample.TWO_LAYER, "--variant", "module", "--optimizer", "adam"),
        /** Depths 0 to 3. */
        DYNAMIC_NET(Sample.DYNAMIC_NET),
        /** 10, 20 or 30 time steps. */
        DYNAMIC_RNN(Sample.DYNAMIC_RNN);

        private final Sample sample;
        private final String[] options;

        Program(Sample sample, String... options) {
            this.sample = sample;
            this.options = Stream.concat(Stream.of("--steps", Integer.toString(STEPS)), Stream.of(options))
                    .toArray(String[]::new);
        }

        Training start() {
            Settings settings = new Settings();
            new CommandLine(settings).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(options);
            return (Training) sample.start(settings);
        }
    }

    /** What is trained. */
    @Param
    public Program program;

    /** How. */
    @Param
    public Regions mode;

    private Training training;

    /** A benchmark of JMH's. */
    public TrainingStepBenchmark() {}

    /** A new model. */
    @Setup(Level.Invocation)
    public void start() {
        training = program.start();
    }

    /** Trains it; the last loss. */
    @Benchmark
    @OperationsPerInvocation(STEPS)
    public double step() {
        double loss = 0;
        try (Stance.Scope scope = mode.enter()) {
            for (int i = 0; i < STEPS; i++) {
                loss = training.step(i);
            }
        }
        return loss;
    }
}

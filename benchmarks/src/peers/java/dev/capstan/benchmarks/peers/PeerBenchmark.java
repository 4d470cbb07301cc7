// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import dev.capstan.Compiled;
import dev.capstan.Stance;
import dev.capstan.runtime.spi.Tier;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One work by one library. Before any time is taken, the library's results are compared with those of our eager mode; so are
 * the results of our generated programs, which run from the first step on for that. {@link Comparison} runs this for all
 * pairs that make sense.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {
            "--add-modules",
            "jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-Dcapstan.threads=1",
            "-XX:+UseSerialGC",
            "-Xms1g",
            "-Xmx2g"
        })
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 6, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class PeerBenchmark {
    /** A pace at which nothing converges while time is taken. */
    private static final double STANDSTILL = 1e-7;

    /** What is done. */
    @Param
    public Works work;

    /** By whom. */
    @Param
    public Peer peer;

    private Program program;

    /** A benchmark of JMH's. */
    public PeerBenchmark() {}

    /** Compares results with those of our eager mode, then makes the program that is timed. */
    @Setup(Level.Trial)
    public void start() {
        if (peer.isNative()) {
            // no kernel of ours is to be compiled while time is taken of theirs
            System.setProperty("capstan.compiler", "off");
        }
        Library library = peer.library();
        try (Stance.Scope atOnce = Stance.COMPILE_NOW.enter();
                Stance.Scope generated = Compiled.inTier(Tier.GENERATED)) {
            Results.requireEqual(work.work(), Peer.CAPSTAN_EAGER.library(), library);
        }
        program = work.work().start(library, STANDSTILL);
        program.settle();
        new BackgroundWork().awaitEnd(program);
    }

    /** Fails if something else was timed than what was meant. */
    @TearDown(Level.Trial)
    public void verify() {
        program.verify();
    }

    /** A step. */
    @Benchmark
    public void step() {
        program.step();
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks;

import dev.capstan.Compiled;
import dev.capstan.Generator;
import dev.capstan.GradMode;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.Threads;
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

/** Large work by one thread, and shared by two. Each result is written to a given tensor. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector"})
@Warmup(iterations = 6, time = 1)
@Measurement(iterations = 8, time = 1)
public class ThreadsBenchmark {
    /** How many threads. */
    @Param({"1", "2"})
    public int threads;

    private final Tensor square = normal(1, 1024, 1024);
    private final Tensor other = normal(2, 1024, 1024);
    private final Tensor result = normal(3, 1024, 1024);
    private final Tensor batch = normal(4, 1024, 1000);
    private final Tensor first = normal(5, 1000, 100);
    private final Tensor second = normal(6, 100, 10);
    private final Tensor outputs = normal(7, 1024, 10);
    private final Compiled product = Compiled.region("product", 1);
    private final Compiled twoLayer = Compiled.region("twoLayer", 1);
    private final Compiled softmax = Compiled.region("softmax", 1);
    private Stance.Scope stance;
    private GradMode.Scope unrecorded;

    /** A benchmark of JMH's. */
    public ThreadsBenchmark() {}

    private static Tensor normal(long seed, int... sizes) {
        return new Generator(seed).normal(sizes);
    }

    /** Compiles what is measured. */
    @Setup(Level.Trial)
    public void compile() {
        Threads.use(threads);
        stance = Stance.COMPILE_NOW.enter();
        unrecorded = GradMode.noGrad();
        product();
        twoLayer();
        softmax();
    }

    /** Leaves the thread as it was. */
    @TearDown(Level.Trial)
    public void leave() {
        unrecorded.close();
        stance.close();
    }

    /** A product of two matrices of 1024 x 1024. */
    @Benchmark
    public Tensor product() {
        return product.call(() -> result.copy_(square.mm(other)));
    }

    /** Two layers, 1000 to 100 to 10, forward, on 1024 examples. */
    @Benchmark
    public Tensor twoLayer() {
        return twoLayer.call(() -> outputs.copy_(batch.mm(first).relu().mm(second)));
    }

    /** The softmax of 1024 rows of 1024. */
    @Benchmark
    public Tensor softmax() {
        return softmax.call(() -> result.copy_(square.softmax(1)));
    }
}

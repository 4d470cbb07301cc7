// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks;

import dev.capstan.Compiled;
import dev.capstan.CompiledFunction;
import dev.capstan.GradMode;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What it costs to follow the user's Java through a region. The difference between regions of 110 and of 10 operators, over
 * 100, is the cost of one queued operator: all 110 are one kernel over four elements.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector"})
@Warmup(iterations = 6, time = 2)
@Measurement(iterations = 6, time = 1)
public class CaptureBenchmark {
    private final Tensor input = Tensor.of(new float[] {-1, 0, 1, 2});
    private final CompiledFunction<Tensor, Tensor> ten = chain(10);
    private final CompiledFunction<Tensor, Tensor> hundredTen = chain(110);
    private GradMode.Scope unrecorded;
    private Stance.Scope stance;

    private static CompiledFunction<Tensor, Tensor> chain(int operators) {
        return Compiled.function(value -> {
            Tensor result = value;
            for (int i = 0; i < operators; i++) {
                result = (i & 1) == 0 ? result.neg() : result.abs();
            }
            return result;
        });
    }

    /** Compiles both regions. */
    @Setup(Level.Trial)
    public void compile() {
        unrecorded = GradMode.noGrad();
        try (Stance.Scope now = Stance.COMPILE_NOW.enter()) {
            ten.apply(input);
            hundredTen.apply(input);
        }
        stance = Stance.COMPILED.enter();
    }

    /** Leaves the thread as it was. */
    @TearDown(Level.Trial)
    public void leave() {
        stance.close();
        unrecorded.close();
    }

    /** A region of 10 operators. */
    @Benchmark
    public Tensor tenOperators() {
        return ten.apply(input);
    }

    /** A region of 110 operators. */
    @Benchmark
    public Tensor hundredTenOperators() {
        return hundredTen.apply(input);
    }
}

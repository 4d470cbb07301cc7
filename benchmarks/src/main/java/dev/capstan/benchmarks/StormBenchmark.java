// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks;

import dev.capstan.Compiled;
import dev.capstan.Generator;
import dev.capstan.GradMode;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.optim.SGD;
import dev.capstan.runtime.type.DType;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
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
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a region costs in which hardly any two calls are alike, once it has been left alone. Both arms have the same past: the
 * storm has passed over the region, and HotSpot has seen both.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector"})
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 8, time = 1)
public class StormBenchmark {
    private static final int CALLS_BEFORE = 20_000;
    private static final int WIDTH = 8;
    private static final int MOST_LEAVES = 10;
    private static final int MOST_ROWS = 200;

    /** What differs from call to call. */
    public enum Storm {
        /** One of a million sequences of twenty operators on four elements, without the tape. */
        OPERATORS {
            @Override
            Supplier<Tensor> calls(Random random) {
                Tensor input = Tensor.of(new float[] {-1, 0, 1, 2});
                return () -> {
                    Tensor result = input;
                    int choices = random.nextInt(1 << 20);
                    for (int i = 0; i < 20; i++) {
                        result = (choices >> i & 1) == 0 ? result.neg() : result.abs();
                    }
                    return result;
                };
            }
        },
        /** A layer and its mean square error on one of forty thousand sizes, without the tape. */
        SHAPES {
            @Override
            Supplier<Tensor> calls(Random random) {
                Tensor data = normal(MOST_ROWS * MOST_ROWS);
                return () -> {
                    int rows = 1 + random.nextInt(MOST_ROWS);
                    int columns = 1 + random.nextInt(MOST_ROWS);
                    Tensor x = data.narrow(0, 0, rows * columns).reshape(rows, columns);
                    return x.t().mm(x).tanh().square().mean();
                };
            }
        },
        /** A training step of a network that follows a tree, another one at every call. */
        TREES {
            @Override
            Supplier<Tensor> calls(Random random) {
                Tensor left = normal(WIDTH, WIDTH).mul(0.25).requiresGrad(true);
                Tensor right = normal(WIDTH, WIDTH).mul(0.25).requiresGrad(true);
                List<Tensor> leaves = List.of(normal(1, WIDTH), normal(1, WIDTH));
                SGD optimizer = new SGD(List.of(left, right)).lr(0.01);
                return () -> {
                    Tensor loss;
                    try (GradMode.Scope recording = GradMode.enableGrad()) {
                        loss = tree(random, 2 + random.nextInt(MOST_LEAVES - 1), left, right, leaves)
                                .square()
                                .mean();
                    }
                    optimizer.zeroGrad();
                    loss.backward();
                    optimizer.step();
                    return loss;
                };
            }
        };

        /** A call after the other. */
        abstract Supplier<Tensor> calls(Random random);

        private static Tensor normal(int... sizes) {
            return new Generator(1).normal(DType.FLOAT32, sizes);
        }

        private static Tensor tree(Random random, int size, Tensor left, Tensor right, List<Tensor> leaves) {
            if (size == 1) {
                return leaves.get(random.nextInt(leaves.size()));
            }
            int split = 1 + random.nextInt(size - 1);
            return tree(random, split, left, right, leaves)
                    .mm(left)
                    .add(tree(random, size - split, left, right, leaves).mm(right))
                    .tanh();
        }
    }

    /** What differs. */
    @Param
    public Storm storm;

    /** How the region runs. */
    @Param
    public Regions mode;

    private Supplier<Tensor> region;

    /** A benchmark of JMH's. */
    public StormBenchmark() {}

    /** Lets the storm pass over the region, and the same over eager mode. */
    @Setup(Level.Trial)
    public void settle() {
        Supplier<Tensor> calls = storm.calls(new Random(1));
        Compiled compiled = Compiled.region(storm.name(), 2);
        region = () -> compiled.call(calls::get);
        for (Regions each : List.of(Regions.COMPILED, Regions.EAGER)) {
            try (Stance.Scope scope = each.enter();
                    GradMode.Scope unrecorded = GradMode.noGrad()) {
                for (int i = 0; i < CALLS_BEFORE; i++) {
                    region.get();
                }
            }
        }
    }

    /** Another path at every call. */
    @Benchmark
    public Tensor call() {
        try (Stance.Scope scope = mode.enter();
                GradMode.Scope unrecorded = GradMode.noGrad()) {
            return region.get();
        }
    }
}

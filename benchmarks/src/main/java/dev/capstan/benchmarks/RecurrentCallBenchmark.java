// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks;

import dev.capstan.Compiled;
import dev.capstan.CompiledBiFunction;
import dev.capstan.CompiledFunction;
import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.GradMode;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.nn.Linear;
import dev.capstan.nn.Module;
import dev.capstan.nn.Rnn;
import dev.capstan.optim.Adam;
import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.List;
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
 * What a call of a recurrent network over 30 time steps costs the host: the user's Java, in which a linear layer is called at
 * every step, its capture, and the driver around the kernels. With one hidden state the kernels compute next to nothing, and
 * all that is measured is host time but for their calls; with 32 it is the sample's network, and the difference is what its
 * kernels take. Neither reads a result.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector"})
@Warmup(iterations = 8, time = 2)
@Measurement(iterations = 8, time = 1)
public class RecurrentCallBenchmark {
    private static final int TIME_STEPS = 30;
    /** So often each is called before it is measured, so that its program has reached its last tier. */
    private static final int CALLS_BEFORE = 20_000;

    /** Hidden states. */
    @Param({"1", "32"})
    public int hidden;

    private CompiledFunction<Rnn.Input, Rnn.Output> forward;
    private CompiledBiFunction<Rnn.Input, Tensor, Tensor> step;
    private Rnn.Input input;
    private Tensor target;
    private Stance.Scope stance;

    /** A benchmark of JMH's. */
    public RecurrentCallBenchmark() {}

    /** A recurrent layer, and a linear one on top at every time step. */
    private static final class Network extends Module<Rnn.Input, Rnn.Output> {
        private final Rnn rnn;
        private final Linear out;

        Network(int hidden) {
            rnn = new Rnn(1, hidden).batchFirst();
            out = new Linear(hidden, 1);
        }

        @Override
        protected Rnn.Output forward(Rnn.Input in) {
            Rnn.Output run = rnn.apply(in);
            List<Tensor> outputs = new ArrayList<>();
            for (int t = 0; t < run.output().size(1); t++) {
                outputs.add(out.apply(run.output().select(1, t)));
            }
            return new Rnn.Output(Tensor.stack(outputs, 1), run.state());
        }
    }

    /** Compiles the network's forward pass and its training step. */
    @Setup(Level.Trial)
    public void compile() {
        Network network = new Network(hidden);
        Adam adam = new Adam(network.parameters()).lr(1e-6);
        Generator generator = new Generator(1);
        input = new Rnn.Input(
                generator.normal(DType.FLOAT32, 1, TIME_STEPS, 1), Tensor.zeros(DType.FLOAT32, 1, 1, hidden));
        target = generator.normal(DType.FLOAT32, 1, TIME_STEPS, 1);
        forward = Compiled.function(network::apply);
        step = Compiled.step((in, wanted) -> {
            Tensor loss = F.mseLoss(network.apply(in).output(), wanted);
            adam.zeroGrad();
            loss.backward();
            adam.step();
            return loss;
        });
        stance = Stance.COMPILED.enter();
        for (int i = 0; i < CALLS_BEFORE; i++) {
            forward();
            trainingStep();
        }
    }

    /** Leaves the thread as it was. */
    @TearDown(Level.Trial)
    public void leave() {
        stance.close();
    }

    /** The forward pass, off the tape. */
    @Benchmark
    public Rnn.Output forward() {
        try (GradMode.Scope unrecorded = GradMode.noGrad()) {
            return forward.apply(input);
        }
    }

    /** Forward pass, loss, backward pass and an update by Adam. */
    @Benchmark
    public Tensor trainingStep() {
        return step.apply(input, target);
    }
}

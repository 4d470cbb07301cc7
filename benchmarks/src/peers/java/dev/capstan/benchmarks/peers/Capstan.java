// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import dev.capstan.Compiled;
import dev.capstan.CompiledBiFunction;
import dev.capstan.CompiledFunction;
import dev.capstan.F;
import dev.capstan.GradMode;
import dev.capstan.Tensor;
import dev.capstan.codegen.kernel.Contraction;
import dev.capstan.codegen.tree.Primitive;
import dev.capstan.nn.Linear;
import dev.capstan.nn.Module;
import dev.capstan.nn.ReLU;
import dev.capstan.nn.Rnn;
import dev.capstan.nn.Sequential;
import dev.capstan.optim.Adam;
import dev.capstan.optim.Optimizer;
import dev.capstan.optim.SGD;
import dev.capstan.runtime.spi.RegionPolicy;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import dev.capstan.samples.programs.DynamicNet;
import dev.capstan.samples.programs.SineRnn;
import dev.capstan.samples.programs.TreeLstm;
import dev.capstan.samples.programs.TwoLayerNet;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/** Ours: models and steps as a user writes them. */
final class Capstan extends Library {
    /** From time to time the region around the cells is tried again, and what it captures are no hits of theirs. */
    private static final double MOST_CELLS = 0.9;

    private static final RegionPolicy FEW_PATHS = RegionPolicy.of(3).withPaths(32);

    private final boolean eager;
    private Tensor loss;

    Capstan(boolean eager) {
        this.eager = eager;
    }

    private Program program(Compiled region, Runnable step, Supplier<float[]> result) {
        return program(region, 1, step, result);
    }

    private Program program(Compiled region, double leastHits, Runnable step, Supplier<float[]> result) {
        return eager ? RegionProgram.eager(step, result) : new RegionProgram(region, leastHits, step, result);
    }

    private static Tensor tensor(Values values) {
        return Tensor.of(values.elements(), values.sizes());
    }

    /** The model with these parameters, in order of its state. */
    private static <M extends Module<?, ?>> M withParameters(M model, List<Values> parameters) {
        Map<String, Tensor> state = model.stateDict();
        Iterator<Values> values = parameters.iterator();
        state.replaceAll((name, tensor) -> tensor(values.next()));
        model.loadStateDict(state);
        return model;
    }

    private static void learn(Optimizer optimizer, Tensor loss) {
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
    }

    private float[] loss() {
        return new float[] {(float) loss.item()};
    }

    private void read(Tensor newLoss) {
        newLoss.item();
        loss = newLoss;
    }

    /** The loss and the gradients. */
    private float[] lossAndGradients(List<? extends Tensor> parameters) {
        float[][] parts = new float[1 + parameters.size()][];
        parts[0] = loss();
        for (int i = 0; i < parameters.size(); i++) {
            parts[1 + i] = parameters.get(i).grad().toFloatArray();
        }
        return Results.joined(parts);
    }

    @Override
    Program feedForward(FeedForward work, double pace) {
        Tensor x = tensor(work.x());
        Tensor y = tensor(work.y());
        int[] depths = work.depths();
        if (!work.isDeep()) {
            TwoLayerNet model = withParameters(new TwoLayerNet(FeedForward.IN, FeedForward.HIDDEN, FeedForward.OUT), work.parameters());
            SGD sgd = sgd(work, pace, model);
            CompiledBiFunction<Tensor, Tensor, Tensor> train =
                    Compiled.step((input, target) -> squaredErrors(sgd, model.apply(input), target));
            return program(train.compiled(), () -> read(train.apply(x, y)), this::loss);
        }
        DynamicNet model = withParameters(new DynamicNet(FeedForward.IN, FeedForward.HIDDEN, FeedForward.OUT), work.parameters());
        SGD sgd = sgd(work, pace, model);
        CompiledBiFunction<DynamicNet.Input, Tensor, Tensor> train =
                Compiled.step((input, target) -> squaredErrors(sgd, model.apply(input), target));
        int[] count = {0};
        return program(
                train.compiled(),
                () -> read(train.apply(new DynamicNet.Input(x, depths[count[0]++ % depths.length]), y)),
                this::loss);
    }

    private static SGD sgd(FeedForward work, double pace, Module<?, ?> model) {
        return new SGD(model.parameters()).lr(pace * work.rate()).momentum(work.momentum());
    }

    private static Tensor squaredErrors(Optimizer optimizer, Tensor prediction, Tensor target) {
        Tensor loss = F.mseLoss(prediction, target, F.Reduction.SUM);
        learn(optimizer, loss);
        return loss;
    }

    /** What a step of the recurrent network gives. */
    private record RecurrentStep(Tensor loss, Tensor state) {}

    @Override
    Program recurrent(Recurrent work, double pace) {
        SineRnn model = withParameters(new SineRnn(), work.parameters());
        Adam adam = new Adam(model.parameters()).lr(pace * work.rate()).eps(Recurrent.EPSILON);
        CompiledBiFunction<Rnn.Input, Tensor, RecurrentStep> train = Compiled.step((input, target) -> {
            Rnn.Output prediction = model.apply(input);
            Tensor error = F.mseLoss(prediction.output(), target);
            learn(adam, error);
            return new RecurrentStep(error, prediction.state().detach());
        });
        List<Tensor> x =
                work.sequences().stream().map(sequence -> tensor(sequence.x())).toList();
        List<Tensor> y =
                work.sequences().stream().map(sequence -> tensor(sequence.y())).toList();
        int[] order = work.order();
        return program(
                train.compiled(),
                new Runnable() {
                    private Tensor state = Tensor.zeros(1, 1, Recurrent.HIDDEN);
                    private int count;

                    @Override
                    public void run() {
                        int sequence = order[count++ % order.length];
                        RecurrentStep step = train.apply(new Rnn.Input(x.get(sequence), state), y.get(sequence));
                        state = step.state();
                        read(step.loss());
                    }
                },
                this::loss);
    }

    @Override
    Program longShortTerm(LongShortTerm work) {
        Tensor x = tensor(work.x());
        List<Tensor> parameters = work.parameters().stream()
                .map(values -> tensor(values).requiresGrad(true))
                .toList();
        CompiledFunction<Tensor, Tensor> step = Compiled.step(input -> {
            Tensor hidden = Tensor.zeros(LongShortTerm.BATCH, LongShortTerm.HIDDEN);
            Tensor memory = Tensor.zeros(LongShortTerm.BATCH, LongShortTerm.HIDDEN);
            for (int t = 0; t < input.size(0); t++) {
                Tensor gates = F.linear(input.select(0, t), parameters.get(0), parameters.get(1))
                        .add(F.linear(hidden, parameters.get(2), null));
                Tensor kept = gate(gates, 1).sigmoid().mul(memory);
                memory = kept.add(gate(gates, 0).sigmoid().mul(gate(gates, 2).tanh()));
                hidden = gate(gates, 3).sigmoid().mul(memory.tanh());
            }
            return meanSquare(parameters, hidden);
        });
        return program(step.compiled(), () -> read(step.apply(x)), () -> lossAndGradients(parameters));
    }

    private static Tensor gate(Tensor gates, int index) {
        return gates.narrow(1, index * LongShortTerm.HIDDEN, LongShortTerm.HIDDEN);
    }

    /** Of an output, with new gradients of the parameters. */
    private static Tensor meanSquare(List<? extends Tensor> parameters, Tensor output) {
        Tensor loss = output.square().mean();
        parameters.forEach(parameter -> parameter.setGrad(null));
        loss.backward();
        return loss;
    }

    @Override
    Program perceptron(Perceptron work) {
        Tensor x = tensor(work.x());
        Module<Tensor, Tensor> model = withParameters(
                new Sequential(new Linear(784, 256), new ReLU(), new Linear(256, 256), new ReLU(), new Linear(256, 10)),
                work.parameters());
        return withoutTape(model::apply, x);
    }

    /** A function of one tensor as a region. */
    private Program withoutTape(Function<Tensor, Tensor> function, Tensor x) {
        CompiledFunction<Tensor, Tensor> region = Compiled.function(function);
        Tensor[] output = new Tensor[1];
        return program(
                region.compiled(),
                () -> {
                    try (GradMode.Scope off = GradMode.noGrad()) {
                        output[0] = region.apply(x);
                    }
                },
                () -> output[0].toFloatArray());
    }

    @Override
    Program encoderLayer(EncoderLayer work) {
        Tensor x = tensor(work.x());
        Encoder model = withParameters(new Encoder(), work.parameters());
        CompiledFunction<Tensor, Tensor> step =
                Compiled.step(input -> meanSquare(model.parameters(), model.apply(input)));
        return program(step.compiled(), () -> read(step.apply(x)), () -> lossAndGradients(model.parameters()));
    }

    @Override
    Program trees(Trees work, double pace) {
        TreeLstm model = withParameters(new TreeLstm(DType.FLOAT32, Trees.HIDDEN), work.parameters());
        Adam adam = new Adam(model.parameters()).lr(pace * work.rate());
        Compiled step = Compiled.region("trees", FEW_PATHS);
        List<Trees.Batch> batches = Trees.batches();
        int[] count = {0};
        return program(
                model.cell().compiled(),
                MOST_CELLS,
                () -> {
                    Trees.Batch batch = batches.get(count[0]++ % batches.size());
                    read(step.call(() -> {
                        Tensor error = F.crossEntropy(model.apply(batch.expressions()), Tensor.of(batch.truths()));
                        learn(adam, error);
                        return error;
                    }));
                },
                this::loss);
    }

    /** The kernel that all products go through, without anything around it. */
    @Override
    Program product(Product work) {
        float[] a = work.left().elements();
        float[] b = work.right().elements();
        float[] c = new float[work.m() * work.n()];
        int m = work.m();
        int k = work.k();
        int n = work.n();
        int rowStride = work.leftTransposed() ? 1 : k;
        int columnStride = work.leftTransposed() ? m : 1;
        int rightRowStride = work.rightTransposed() ? 1 : n;
        int rightColumnStride = work.rightTransposed() ? k : 1;
        Contraction contraction = Contraction.instance();
        return new Program() {
            @Override
            public void step() {
                contraction.multiply(
                        m,
                        k,
                        n,
                        a,
                        0,
                        rowStride,
                        columnStride,
                        b,
                        0,
                        rightRowStride,
                        rightColumnStride,
                        c,
                        0,
                        n,
                        false);
            }

            @Override
            public float[] result() {
                return c.clone();
            }

            @Override
            public void settle() {
                try {
                    if (!contraction.awaitReady(Primitive.FLOAT, Duration.ofMinutes(1))) {
                        throw new IllegalStateException("no vector kernels for products");
                    }
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
        };
    }

    @Override
    Program operation(Operation work) {
        Tensor x = tensor(work.x());
        Tensor output = Tensor.zeros(work.outputSizes());
        Function<Tensor, Tensor> function = function(work);
        CompiledFunction<Tensor, Tensor> region = Compiled.function(input -> output.copy_(function.apply(input)));
        return program(
                region.compiled(),
                () -> {
                    try (GradMode.Scope off = GradMode.noGrad()) {
                        region.apply(x);
                    }
                },
                output::toFloatArray);
    }

    private static Function<Tensor, Tensor> function(Operation work) {
        return switch (work.kind()) {
            case SOFTMAX -> x -> x.softmax(1);
            case LAYER_NORM -> {
                Tensor weight = tensor(work.weight());
                Tensor bias = tensor(work.bias());
                Shape normalized = Shape.of(work.sizes()[1]);
                yield x -> F.layerNorm(x, normalized, weight, bias, 1e-5);
            }
            case SUM -> Tensor::sum;
            case TRANSPOSE -> Tensor::t;
            case CHAIN ->
                x -> x.tanh()
                        .exp()
                        .mul(0.5)
                        .add(1)
                        .sqrt()
                        .sub(x.sigmoid())
                        .tanh()
                        .mul(2)
                        .add(x);
            case ARITHMETIC -> {
                Tensor y = tensor(work.y());
                yield x -> {
                    Tensor t = x.add(y).mul(x).sub(y).mul(0.5).add(x).mul(y).add(1).sub(x);
                    return t.mul(t).add(y);
                };
            }
        };
    }
}

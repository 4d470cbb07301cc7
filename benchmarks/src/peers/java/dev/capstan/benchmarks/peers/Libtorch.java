// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import dev.capstan.samples.programs.Expression;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.openblas.global.openblas;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Optimizer;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** PyTorch's library, one call per operator. What a step makes is freed at its end. */
final class Libtorch extends Library {
    /** The library's numbers for how the squared errors are reduced. */
    private static final long MEAN = 1;

    private static final long SUM = 2;

    private final Scalar zero = new Scalar(0f);
    private final Scalar one = new Scalar(1f);
    private final Scalar two = new Scalar(2f);
    private final Scalar half = new Scalar(0.5f);
    private float loss;

    Libtorch() {
        torch.set_num_threads(1);
        // whose products libtorch uses, with threads of their own
        openblas.blas_set_num_threads(1);
    }

    private static Program program(Runnable step, Supplier<float[]> result) {
        return new Program() {
            @Override
            public void step() {
                try (PointerScope scope = new PointerScope()) {
                    step.run();
                }
            }

            @Override
            public float[] result() {
                return result.get();
            }
        };
    }

    /** What outlives a step, in place of what outlived the one before. */
    private static Tensor kept(Tensor before, Tensor now) {
        before.close();
        now.retainReference();
        return now;
    }

    private static Tensor tensor(Values values) {
        return torch.tensor(values.elements()).reshape(values.longSizes()).clone();
    }

    private static List<Tensor> parameters(List<Values> values) {
        return values.stream()
                .map(value -> tensor(value).set_requires_grad(true))
                .toList();
    }

    private static TensorVector vector(List<Tensor> tensors) {
        return new TensorVector(tensors.toArray(new Tensor[0]));
    }

    private static float[] elements(Tensor tensor) {
        try (PointerScope scope = new PointerScope()) {
            Tensor contiguous = tensor.detach().contiguous();
            float[] elements = new float[Math.toIntExact(contiguous.numel())];
            new FloatPointer(contiguous.data_ptr()).get(elements);
            return elements;
        }
    }

    private float[] loss() {
        return new float[] {loss};
    }

    private float[] lossAndGradients(List<Tensor> parameters) {
        float[][] parts = new float[1 + parameters.size()][];
        parts[0] = loss();
        for (int i = 0; i < parameters.size(); i++) {
            parts[1 + i] = elements(parameters.get(i).grad());
        }
        return Results.joined(parts);
    }

    private void learn(Optimizer optimizer, Tensor error) {
        optimizer.zero_grad();
        error.backward();
        optimizer.step();
        loss = error.item_float();
    }

    /** A layer whose weight and bias stand at an index. */
    static Tensor linear(Tensor input, List<Tensor> parameters, int index) {
        return torch.linear(input, parameters.get(index), parameters.get(index + 1));
    }

    @Override
    Program feedForward(FeedForward work, double pace) {
        Tensor x = tensor(work.x());
        Tensor y = tensor(work.y());
        List<Tensor> parameters = parameters(work.parameters());
        SGDOptions options = new SGDOptions(pace * work.rate());
        options.momentum().put(work.momentum());
        SGD sgd = new SGD(vector(parameters), options);
        int[] depths = work.depths();
        int[] count = {0};
        return program(
                () -> {
                    Tensor hidden = linear(x, parameters, 0).clamp_min(zero);
                    for (int i = depths[count[0]++ % depths.length]; i > 0; i--) {
                        hidden = linear(hidden, parameters, 2).clamp_min(zero);
                    }
                    learn(sgd, torch.mse_loss(linear(hidden, parameters, parameters.size() - 2), y, SUM));
                },
                this::loss);
    }

    @Override
    Program recurrent(Recurrent work, double pace) {
        List<Tensor> x =
                work.sequences().stream().map(sequence -> tensor(sequence.x())).toList();
        List<Tensor> y =
                work.sequences().stream().map(sequence -> tensor(sequence.y())).toList();
        List<Tensor> parameters = parameters(work.parameters());
        TensorVector recurrent = vector(parameters.subList(0, 4));
        AdamOptions options = new AdamOptions(pace * work.rate());
        options.eps().put(Recurrent.EPSILON);
        Adam adam = new Adam(vector(parameters), options);
        int[] order = work.order();
        return program(
                new Runnable() {
                    private Tensor state = torch.zeros(1, 1, Recurrent.HIDDEN);
                    private int count;

                    @Override
                    public void run() {
                        int sequence = order[count++ % order.length];
                        T_TensorTensor_T hidden = torch.rnn_tanh(
                                x.get(sequence), state, recurrent, true, 1, 0, true, false, true);
                        TensorVector outputs = new TensorVector();
                        for (int t = 0; t < work.sequences().get(sequence).length(); t++) {
                            outputs.push_back(linear(hidden.get0().select(1, t), parameters, 4));
                        }
                        learn(adam, torch.mse_loss(torch.stack(outputs, 1), y.get(sequence), MEAN));
                        state = kept(state, hidden.get1().detach());
                    }
                },
                this::loss);
    }

    @Override
    Program longShortTerm(LongShortTerm work) {
        Tensor x = tensor(work.x());
        List<Tensor> parameters = parameters(work.parameters());
        return program(
                () -> {
                    Tensor hidden = torch.zeros(LongShortTerm.BATCH, LongShortTerm.HIDDEN);
                    Tensor memory = torch.zeros(LongShortTerm.BATCH, LongShortTerm.HIDDEN);
                    for (int t = 0; t < LongShortTerm.TIME; t++) {
                        Tensor gates = linear(x.select(0, t), parameters, 0)
                                .add(torch.linear(hidden, parameters.get(2)));
                        TensorVector gate = gates.chunk(4, 1);
                        Tensor kept = gate.get(1).sigmoid().mul(memory);
                        memory = kept.add(gate.get(0).sigmoid().mul(gate.get(2).tanh()));
                        hidden = gate.get(3).sigmoid().mul(memory.tanh());
                    }
                    meanSquare(parameters, hidden);
                },
                () -> lossAndGradients(parameters));
    }

    private void meanSquare(List<Tensor> parameters, Tensor output) {
        Tensor error = output.square().mean();
        parameters.forEach(parameter -> parameter.mutable_grad().reset());
        error.backward();
        loss = error.item_float();
    }

    @Override
    Program perceptron(Perceptron work) {
        Tensor x = tensor(work.x());
        List<Tensor> parameters = parameters(work.parameters());
        return intoFresh(() -> {
            Tensor first = linear(x, parameters, 0).relu();
            return linear(linear(first, parameters, 2).relu(), parameters, 4);
        });
    }

    /** Without the tape; the output lives until the next step. */
    private static Program intoFresh(Supplier<Tensor> function) {
        Tensor[] output = {new Tensor()};
        return program(
                () -> {
                    try (NoGradGuard off = new NoGradGuard()) {
                        output[0] = kept(output[0], function.get());
                    }
                },
                () -> elements(output[0]));
    }

    @Override
    Program encoderLayer(EncoderLayer work) {
        Tensor x = tensor(work.x());
        List<Tensor> parameters = parameters(work.parameters());
        return program(
                () -> {
                    TensorVector asked = linear(x, parameters, 0).chunk(3, 2);
                    Tensor attention = torch.scaled_dot_product_attention(
                            heads(asked.get(0)), heads(asked.get(1)), heads(asked.get(2)));
                    Tensor seen = attention
                            .transpose(1, 2)
                            .reshape(EncoderLayer.BATCH, EncoderLayer.TIME, EncoderLayer.WIDTH);
                    Tensor features = norm(x.add(linear(seen, parameters, 2)), parameters, 4);
                    Tensor thought = linear(linear(features, parameters, 6).relu(), parameters, 8);
                    meanSquare(parameters, norm(features.add(thought), parameters, 10));
                },
                () -> lossAndGradients(parameters));
    }

    private static Tensor heads(Tensor third) {
        return third.view(
                        EncoderLayer.BATCH,
                        EncoderLayer.TIME,
                        EncoderLayer.HEADS,
                        EncoderLayer.WIDTH / EncoderLayer.HEADS)
                .transpose(1, 2);
    }

    private static Tensor norm(Tensor input, List<Tensor> parameters, int index) {
        return torch.layer_norm(
                input,
                new long[] {EncoderLayer.WIDTH},
                new TensorOptional(parameters.get(index)),
                new TensorOptional(parameters.get(index + 1)),
                EncoderLayer.EPSILON,
                true);
    }

    @Override
    Program trees(Trees work, double pace) {
        List<Tensor> parameters = parameters(work.parameters());
        Adam adam = new Adam(vector(parameters), new AdamOptions(pace * work.rate()));
        LibtorchTreeCell cell = new LibtorchTreeCell(parameters);
        List<Trees.Batch> batches = Trees.batches();
        int[] count = {0};
        return program(
                () -> {
                    Trees.Batch batch = batches.get(count[0]++ % batches.size());
                    TensorVector roots = new TensorVector();
                    for (Expression expression : batch.expressions()) {
                        roots.push_back(cell.state(expression).hidden());
                    }
                    Tensor logits = linear(torch.cat(roots, 0), parameters, 4);
                    learn(adam, torch.cross_entropy_loss(logits, torch.tensor(batch.truths())));
                },
                this::loss);
    }

    @Override
    Program operation(Operation work) {
        Tensor x = tensor(work.x());
        Tensor output =
                tensor(Values.constant(0, work.outputSizes()));
        Runnable step = operation(work, x, output);
        return program(
                () -> {
                    try (NoGradGuard off = new NoGradGuard()) {
                        step.run();
                    }
                },
                () -> elements(output));
    }

    private Runnable operation(Operation work, Tensor x, Tensor output) {
        return switch (work.kind()) {
            case SOFTMAX -> () -> torch.softmax_out(output, x, 1);
            case LAYER_NORM -> {
                TensorOptional weight = new TensorOptional(tensor(work.weight()));
                TensorOptional bias = new TensorOptional(tensor(work.bias()));
                Tensor mean = torch.zeros(work.sizes()[0], 1);
                Tensor deviation = torch.zeros(work.sizes()[0], 1);
                long[] normalized = {work.sizes()[1]};
                yield () ->
                        torch.native_layer_norm_out(output, mean, deviation, x, normalized, weight, bias, 1e-5);
            }
            case SUM -> () -> torch.sum_out(output, x);
            case TRANSPOSE -> () -> output.copy_(x.t());
            case CHAIN ->
                () -> {
                    Tensor root = x.tanh().exp().mul(half).add(one).sqrt();
                    torch.add_out(output, root.sub(x.sigmoid()).tanh().mul(two), x);
                }
            ;
            case ARITHMETIC -> {
                Tensor y = tensor(work.y());
                yield () -> {
                    Tensor t = x.add(y).mul(x).sub(y).mul(half).add(x).mul(y).add(one).sub(x);
                    torch.add_out(output, t.mul(t), y);
                };
            }
        };
    }
}

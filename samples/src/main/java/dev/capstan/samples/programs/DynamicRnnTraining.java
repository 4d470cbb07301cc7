// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Compiled;
import dev.capstan.CompiledBiFunction;
import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.Tensor;
import dev.capstan.nn.Rnn;
import dev.capstan.optim.Optimizer;
import dev.capstan.runtime.type.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * {@link SineRnn} learns to turn a sine into a cosine, at every step from one, two or three half periods of 10 time steps
 * each. A sequence begins where the last one ended, and so does the hidden state; gradients do not go back beyond the
 * sequence.
 */
final class DynamicRnnTraining implements Training {
    private static final int TIME_STEPS = 10;

    private final SineRnn model;
    private final int steps;
    private final int[] halfPeriods;
    private final Tensor x;
    private final Tensor y;
    private final CompiledBiFunction<Rnn.Input, Tensor, Step> train = Compiled.step("DynamicRnnTraining", this::train);
    private final Optimizer optimizer;
    private final boolean forgetGradients;
    private final List<Tensor> predictions = new ArrayList<>();
    private Tensor state;
    private int position;

    /** What a step gives: its loss, and the prediction off the tape. */
    private record Step(Tensor loss, Rnn.Output prediction) {}

    DynamicRnnTraining(Settings settings) {
        DType dtype = settings.dtype();
        Generator generator = settings.generator();
        Initial initial = settings.initial();
        model = new SineRnn();
        model.to(dtype);
        initial.load(model);
        steps = settings.steps(initial.choices("dynamic_steps").orElse(60));
        halfPeriods = initial.choices("dynamic_steps", 1, steps, () -> 1 + generator.nextInt(3));
        double[] times = times();
        x = initial.tensor(
                "x", Tensor.of(Arrays.stream(times).map(Math::sin).toArray()).to(dtype));
        y = initial.tensor(
                "y", Tensor.of(Arrays.stream(times).map(Math::cos).toArray()).to(dtype));
        state = Tensor.zeros(dtype, 1, 1, SineRnn.HIDDEN);
        optimizer = settings.optimizer(model.parameters(), Settings.Algorithm.ADAM, 0.02, 0);
        forgetGradients = settings.zeroGrad() == Settings.ZeroGrad.NONE;
    }

    @Override
    public double step(int index) {
        int length = TIME_STEPS * halfPeriods[index];
        Tensor input = x.narrow(0, position, length).reshape(1, length, 1);
        Tensor target = y.narrow(0, position, length).reshape(1, length, 1);
        position += length;

        Step done = train.apply(new Rnn.Input(input, state), target);
        state = done.prediction().state();
        predictions.add(done.prediction().output());
        return done.loss().item();
    }

    /** One step: forward, backward and update are captured, and compiled, as one for each length. */
    private Step train(Rnn.Input input, Tensor target) {
        Rnn.Output prediction = model.apply(input);
        Tensor loss = F.mseLoss(prediction.output(), target);
        optimizer.zeroGrad(forgetGradients);
        loss.backward();
        optimizer.step();
        return new Step(
                loss,
                new Rnn.Output(prediction.output().detach(), prediction.state().detach()));
    }

    /** The times of all time steps; the first and the last of a sequence lie on its ends. */
    private double[] times() {
        double[] times = new double[TIME_STEPS * Arrays.stream(halfPeriods).sum()];
        int filled = 0;
        double start = 0;
        for (int count : halfPeriods) {
            int length = TIME_STEPS * count;
            for (int i = 0; i < length; i++) {
                times[filled++] = start + count * Math.PI * i / (length - 1);
            }
            start += count * Math.PI;
        }
        return times;
    }

    @Override
    public int steps() {
        return steps;
    }

    @Override
    public Map<String, Tensor> parameters() {
        return model.stateDict();
    }

    @Override
    public Compiled region() {
        return train.compiled();
    }

    @Override
    public List<Curve> curves() {
        double[] time = Arrays.copyOf(times(), position);
        double[] predicted = predictions.stream()
                .flatMapToDouble(prediction -> Arrays.stream(prediction.toDoubleArray()))
                .toArray();
        return List.of(
                new Curve("target", time, y.narrow(0, 0, position).toDoubleArray()),
                new Curve("prediction", time, predicted));
    }
}

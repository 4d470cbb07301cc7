// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Compiled;
import dev.capstan.CompiledBiFunction;
import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.Tensor;
import dev.capstan.optim.Optimizer;
import dev.capstan.runtime.type.DType;
import java.util.Map;

/** {@link DynamicNet}, its depth drawn from 0 to 3 at every step, trained on the sum of squared errors. */
final class DynamicNetTraining implements Training {
    /** What the layers are called in other versions of the same network. */
    private static final Map<String, String> OTHER_NAMES = Map.of(
            "input_layer", "input_linear",
            "hidden_layer", "middle_linear",
            "output_layer", "output_linear");

    private final Tensor x;
    private final Tensor y;
    private final DynamicNet model;
    private final int[] depth;
    private final CompiledBiFunction<DynamicNet.Input, Tensor, Tensor> train =
            Compiled.step("DynamicNetTraining", this::train);
    private final Optimizer optimizer;
    private final boolean forgetGradients;

    DynamicNetTraining(Settings settings) {
        DType dtype = settings.dtype();
        Generator generator = settings.generator();
        Initial initial = settings.initial();
        x = initial.tensor("x", generator.normal(dtype, 64, 1000));
        y = initial.tensor("y", generator.normal(dtype, 64, 10));
        model = new DynamicNet(1000, 100, 10);
        model.to(dtype);
        initial.load(model, OTHER_NAMES);
        int steps = settings.steps(initial.choices("depth").orElse(500));
        depth = initial.choices("depth", 0, steps, () -> generator.nextInt(4));
        optimizer = settings.optimizer(model.parameters(), Settings.Algorithm.SGD, 1e-4, 0.9);
        forgetGradients = settings.zeroGrad() == Settings.ZeroGrad.NONE;
    }

    @Override
    public double step(int index) {
        return train.apply(new DynamicNet.Input(x, depth[index]), y).item();
    }

    /** One step: forward, backward and update are captured, and compiled, as one for each depth. */
    private Tensor train(DynamicNet.Input input, Tensor target) {
        Tensor loss = F.mseLoss(model.apply(input), target, F.Reduction.SUM);
        optimizer.zeroGrad(forgetGradients);
        loss.backward();
        optimizer.step();
        return loss;
    }

    @Override
    public int steps() {
        return depth.length;
    }

    @Override
    public Map<String, Tensor> parameters() {
        return model.stateDict();
    }

    @Override
    public Compiled region() {
        return train.compiled();
    }
}

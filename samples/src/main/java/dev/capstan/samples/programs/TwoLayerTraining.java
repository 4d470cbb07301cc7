// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Compiled;
import dev.capstan.CompiledBiFunction;
import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.Tensor;
import dev.capstan.nn.Linear;
import dev.capstan.nn.Module;
import dev.capstan.nn.ReLU;
import dev.capstan.nn.Sequential;
import dev.capstan.optim.Optimizer;
import dev.capstan.runtime.type.DType;
import java.util.Map;
import java.util.function.Supplier;

/** Two layers made of modules, trained on the sum of squared errors by an optimizer. */
final class TwoLayerTraining implements Training {
    private final Tensor x;
    private final Tensor y;
    private final Module<Tensor, Tensor> model;
    private final CompiledBiFunction<Tensor, Tensor, Tensor> train = Compiled.step("TwoLayerTraining", this::train);
    private final Optimizer optimizer;
    private final boolean forgetGradients;
    private final int steps;

    /** Modules of the library, one after another. */
    static TwoLayerTraining sequential(Settings settings) {
        return new TwoLayerTraining(
                settings, () -> new Sequential(new Linear(1000, 100), new ReLU(), new Linear(100, 10)));
    }

    /** A module class of its own. */
    static TwoLayerTraining module(Settings settings) {
        return new TwoLayerTraining(settings, () -> new TwoLayerNet(1000, 100, 10));
    }

    private TwoLayerTraining(Settings settings, Supplier<Module<Tensor, Tensor>> architecture) {
        DType dtype = settings.dtype();
        Generator generator = settings.generator();
        Initial initial = settings.initial();
        x = initial.tensor("x", generator.normal(dtype, 64, 1000));
        y = initial.tensor("y", generator.normal(dtype, 64, 10));
        model = architecture.get();
        model.to(dtype);
        initial.load(model);
        optimizer = settings.optimizer(model.parameters(), Settings.Algorithm.SGD, 1e-4, 0);
        forgetGradients = settings.zeroGrad() == Settings.ZeroGrad.NONE;
        steps = settings.steps(initial.steps().orElse(500));
    }

    @Override
    public double step(int index) {
        return train.apply(x, y).item();
    }

    /** One step: forward, backward and update are captured, and compiled, as one. */
    private Tensor train(Tensor input, Tensor target) {
        Tensor loss = F.mseLoss(model.apply(input), target, F.Reduction.SUM);
        optimizer.zeroGrad(forgetGradients);
        loss.backward();
        optimizer.step();
        return loss;
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
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Compiled;
import dev.capstan.CompiledBiFunction;
import dev.capstan.Generator;
import dev.capstan.Tensor;
import dev.capstan.runtime.type.DType;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Two layers of bare tensors, without modules and optimizers: the sum of squares of {@code relu(x w1) w2 - y}, its gradients
 * from the tape, and an update by hand. The rectifier is an operator, or {@link MyReLU}.
 */
final class TwoLayerAutograd implements Training {
    private final Tensor x;
    private final Tensor y;
    private final Tensor w1;
    private final Tensor w2;
    private final CompiledBiFunction<Tensor, Tensor, Tensor> train = Compiled.step("TwoLayerAutograd", this::train);
    private final double learningRate;
    private final Settings.ZeroGrad zeroGrad;
    private final int steps;
    private final UnaryOperator<Tensor> rectifier;

    /** With the operator of the library. */
    static TwoLayerAutograd operators(Settings settings) {
        return new TwoLayerAutograd(settings, hidden -> hidden.clampMin(0));
    }

    /** With a function that brings its own gradient. */
    static TwoLayerAutograd customFunction(Settings settings) {
        return new TwoLayerAutograd(settings, new MyReLU()::apply);
    }

    private TwoLayerAutograd(Settings settings, UnaryOperator<Tensor> rectifier) {
        this.rectifier = rectifier;
        DType dtype = settings.dtype();
        Generator generator = settings.generator();
        Initial initial = settings.initial();
        x = initial.tensor("x", generator.normal(dtype, 64, 1000));
        y = initial.tensor("y", generator.normal(dtype, 64, 10));
        w1 = initial.tensor("w1", generator.normal(dtype, 1000, 100)).requiresGrad(true);
        w2 = initial.tensor("w2", generator.normal(dtype, 100, 10)).requiresGrad(true);
        learningRate = settings.learningRate(1e-6);
        zeroGrad = settings.zeroGrad();
        steps = settings.steps(initial.steps().orElse(500));
    }

    private Tensor squaredError(Tensor input, Tensor target) {
        Tensor prediction = rectifier.apply(input.mm(w1)).mm(w2);
        return prediction.sub(target).pow(2).sum();
    }

    @Override
    public double step(int index) {
        return train.apply(x, y).item();
    }

    /** One step: forward, backward and update are captured, and compiled, as one. */
    private Tensor train(Tensor input, Tensor target) {
        Tensor error = squaredError(input, target);
        error.backward();
        descend(w1);
        descend(w2);
        return error;
    }

    private void descend(Tensor weight) {
        weight.detach().sub_(weight.grad().mul(learningRate)); // the same storage, off the tape
        if (zeroGrad == Settings.ZeroGrad.ZEROS) {
            weight.grad().zero_();
        } else {
            weight.setGrad(null);
        }
    }

    @Override
    public int steps() {
        return steps;
    }

    @Override
    public Map<String, Tensor> parameters() {
        return Map.of("w1", w1, "w2", w2);
    }

    @Override
    public Compiled region() {
        return train.compiled();
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static dev.capstan.differential.TrainingCase.STEPS;
import static dev.capstan.differential.TrainingCase.isServed;
import static dev.capstan.differential.TrainingCase.normal;

import dev.capstan.ConvolutionOptions;
import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.PoolingOptions;
import dev.capstan.Tensor;
import dev.capstan.nn.AdaptiveAvgPool2d;
import dev.capstan.nn.Conv1d;
import dev.capstan.nn.Conv2d;
import dev.capstan.nn.Flatten;
import dev.capstan.nn.Linear;
import dev.capstan.nn.MaxPool2d;
import dev.capstan.nn.ReLU;
import dev.capstan.nn.Sequential;
import dev.capstan.optim.Adam;
import dev.capstan.optim.SGD;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Training steps of networks with windows that slide along images and sequences. */
@Tag("everywhere")
final class StepImagesTest {
    private static final ConvolutionOptions SLIDING = ConvolutionOptions.standard();
    private static final Tensor TARGETS = Tensor.of(new long[] {2, 0, 1, 3, 1});

    @Test
    void aConvolutionalNetworkLearns() {
        isServed((step, trace) -> {
            Generator.manualSeed(1);
            Sequential model = new Sequential(
                    new Conv2d(1, 4, 3, SLIDING.withPadding(1)),
                    new ReLU(),
                    new MaxPool2d(2),
                    new Conv2d(4, 8, 3, SLIDING.withStride(2)),
                    new ReLU(),
                    new AdaptiveAvgPool2d(1, 2),
                    new Flatten(),
                    new Linear(16, 4));
            Adam optimizer = new Adam(model.parameters()).lr(0.01);
            for (int i = 0; i < STEPS; i++) {
                Tensor images = normal(10 + i, 5, 1, 9, 10);
                trace.tensor("loss", step.call(() -> {
                    optimizer.zeroGrad();
                    Tensor loss = F.crossEntropy(model.apply(images), TARGETS);
                    loss.backward();
                    optimizer.step();
                    return loss.detach();
                }));
                trace.leaves(model.parameters().toArray(new Tensor[0]));
            }
        });
    }

    @Test
    void windowsOverlapAlongSequences() {
        isServed((step, trace) -> {
            Generator.manualSeed(2);
            Conv1d first =
                    new Conv1d(3, 6, 3, SLIDING.withDilation(2).withPadding(2).withGroups(3));
            Conv1d second = new Conv1d(6, 2, 2, SLIDING.withStride(2));
            PoolingOptions window = PoolingOptions.ofSize(3).withStride(1).withPadding(1);
            Sequential model = new Sequential(first, second);
            SGD optimizer = new SGD(model.parameters()).lr(0.05).momentum(0.9);
            for (int i = 0; i < STEPS; i++) {
                Tensor sequences = normal(20 + i, 2, 3, 11);
                trace.tensor("loss", step.call(() -> {
                    optimizer.zeroGrad();
                    Tensor hidden = F.maxPool1d(first.apply(sequences), window).tanh();
                    Tensor loss = F.avgPool1d(second.apply(hidden), window.withCountsPadding(false))
                            .square()
                            .mean();
                    loss.backward();
                    optimizer.step();
                    return loss.detach();
                }));
                trace.leaves(model.parameters().toArray(new Tensor[0]));
            }
        });
    }

    @Test
    void infinitiesAndNoNumbersMeetThePadding() {
        isServed((step, trace) -> {
            Tensor special = Tensor.of(
                    new float[] {1, Float.NaN, -2, 0, Float.POSITIVE_INFINITY, 3, -0f, 5, Float.NEGATIVE_INFINITY},
                    1,
                    1,
                    3,
                    3);
            Tensor kernel = Tensor.of(new float[] {1, 0, -1, Float.POSITIVE_INFINITY}, 1, 1, 2, 2);
            for (int i = 0; i < STEPS; i++) {
                trace.tensor(
                        "convolved",
                        step.call(() -> F.conv2d(special, kernel, null, SLIDING.withPadding(1))
                                .add(F.maxPool2d(
                                        special,
                                        PoolingOptions.ofSize(2).withStride(1).withPadding(1)))));
            }
        });
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static dev.capstan.differential.TrainingCase.STEPS;
import static dev.capstan.differential.TrainingCase.descend;
import static dev.capstan.differential.TrainingCase.forget;
import static dev.capstan.differential.TrainingCase.isInterrupted;
import static dev.capstan.differential.TrainingCase.isServed;
import static dev.capstan.differential.TrainingCase.isTaped;
import static dev.capstan.differential.TrainingCase.leaf;
import static dev.capstan.differential.TrainingCase.normal;

import dev.capstan.Autograd;
import dev.capstan.GradMode;
import dev.capstan.Tensor;
import dev.capstan.optim.Adam;
import dev.capstan.optim.SGD;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Steps with several losses, several optimizers, and gradients as functions. */
@Tag("everywhere")
final class StepLossesTest {
    @Test
    void twoLossesShareATrunk() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Tensor a = leaf(2, 3, 2);
            Tensor b = leaf(3, 3, 1);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(w, a, b);
                    Tensor trunk = x.mm(w).tanh();
                    Tensor first = trunk.mm(a).square().mean();
                    Tensor second = trunk.mm(b).sigmoid().sum();
                    first.backward(null, true);
                    second.backward();
                    descend(0.1, w, a, b);
                    return null;
                });
                trace.leaves(w, a, b);
            }
        });
    }

    @Test
    void aTrunkThatOneLossHasReleasedIsRefusedForTheOther() {
        isInterrupted((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                trace.error(() -> step.call(() -> {
                    Tensor trunk = x.mm(w).tanh();
                    trunk.square().mean().backward();
                    trunk.sigmoid().sum().backward();
                    return null;
                }));
                trace.leaves(w);
            }
        });
    }

    @Test
    void twoOptimizersTakeTurnsInOneStep() {
        isServed((step, trace) -> {
            Tensor generator = leaf(1, 3, 4);
            Tensor critic = leaf(2, 4, 1);
            Adam first = new Adam(List.of(generator)).lr(0.01);
            SGD second = new SGD(List.of(critic)).lr(0.1).momentum(0.9);
            for (int i = 0; i < STEPS; i++) {
                Tensor noise = normal(10 + i, 5, 3);
                Tensor real = normal(30 + i, 5, 4);
                List<Tensor> losses = step.call(() -> {
                    second.zeroGrad();
                    Tensor fake = noise.mm(generator).tanh();
                    Tensor judged =
                            fake.detach().mm(critic).mean().sub(real.mm(critic).mean());
                    judged.backward();
                    second.step();
                    first.zeroGrad();
                    Tensor fooled = noise.mm(generator).tanh().mm(critic).mean().neg();
                    fooled.backward();
                    first.step();
                    return List.of(judged.detach(), fooled.detach());
                });
                trace.tensor("judged", losses.get(0));
                trace.tensor("fooled", losses.get(1));
                trace.leaves(generator, critic);
            }
        });
    }

    @Test
    void oneFakeServesBothOptimizersWithARetainedGraph() {
        // eager mode refuses the second pass: the critic's weights have changed in between
        isInterrupted((step, trace) -> {
            Tensor generator = leaf(1, 3, 4);
            Tensor critic = leaf(2, 4, 1);
            for (int i = 0; i < STEPS; i++) {
                Tensor noise = normal(10 + i, 5, 3);
                trace.error(() -> step.call(() -> {
                    Tensor judged = noise.mm(generator).tanh().mm(critic).mean();
                    judged.backward(null, true);
                    descend(0.1, critic);
                    judged.neg().backward();
                    return null;
                }));
                trace.leaves(generator, critic);
            }
        });
    }

    @Test
    void anOptimizerOfSomeParameters() {
        isServed((step, trace) -> {
            Tensor a = leaf(1, 4, 3);
            Tensor b = leaf(2, 3, 2);
            Adam adam = new Adam(List.of(b)).lr(0.05);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    adam.zeroGrad();
                    x.mm(a).tanh().mm(b).sum().backward();
                    adam.step();
                    return null;
                });
                trace.leaves(a, b);
            }
        });
    }

    @Test
    void aGradientPenalty() {
        isTaped("gradients are asked for as a function", (step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4).requiresGrad(true);
                step.call(() -> {
                    forget(w);
                    Tensor y = x.mm(w).tanh().sum();
                    Tensor slope =
                            Autograd.grad(y, List.of(x), null, true, true).get(0);
                    y.add(slope.square().sum().sub(1).square()).backward();
                    descend(0.01, w);
                    return null;
                });
                trace.leaves(w, x);
            }
        });
    }

    @Test
    void gradientsAsAFunctionInsideOfAStep() {
        isTaped("gradients are asked for as a function", (step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    Tensor g = Autograd.grad(x.mm(w).tanh().sum(), List.of(w)).get(0);
                    try (GradMode.Scope off = GradMode.noGrad()) {
                        w.sub_(g.mul(0.1));
                    }
                    return null;
                });
                trace.leaves(w);
            }
        });
    }
}

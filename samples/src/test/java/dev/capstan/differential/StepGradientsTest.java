// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static dev.capstan.differential.TrainingCase.STEPS;
import static dev.capstan.differential.TrainingCase.bailsOut;
import static dev.capstan.differential.TrainingCase.descend;
import static dev.capstan.differential.TrainingCase.forget;
import static dev.capstan.differential.TrainingCase.isInterrupted;
import static dev.capstan.differential.TrainingCase.isServed;
import static dev.capstan.differential.TrainingCase.leaf;
import static dev.capstan.differential.TrainingCase.normal;

import dev.capstan.Tensor;
import dev.capstan.optim.SGD;
import dev.capstan.runtime.type.DType;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What steps do with gradients: accumulate, clip, freeze, share. */
@Tag("everywhere")
final class StepGradientsTest {
    @Test
    void leavesThatAreMadeInside() {
        isServed((step, trace) -> {
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 3);
                Tensor[] made = new Tensor[1];
                Tensor y = step.call(() -> {
                    Tensor shift = Tensor.full(DType.FLOAT32, 0.5, 3).requiresGrad(true);
                    Tensor loss = x.mul(shift).exp().sum();
                    loss.backward();
                    made[0] = shift;
                    return loss.detach();
                });
                trace.tensor("loss", y);
                trace.leaves(made[0]);
            }
        });
    }

    @Test
    void gradientsClippedByNorm() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Tensor b = leaf(2, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                Tensor norm = step.call(() -> {
                    forget(w, b);
                    x.mm(w).add(b).tanh().sum().backward();
                    Tensor total =
                            w.grad().square().sum().add(b.grad().square().sum()).sqrt();
                    Tensor factor = total.add(1e-6).pow(-1).mul(0.5).clampMax(1);
                    w.grad().mul_(factor);
                    b.grad().mul_(factor);
                    descend(0.1, w, b);
                    return total;
                });
                trace.tensor("norm", norm);
                trace.leaves(w, b);
            }
        });
    }

    @Test
    void twoPassesInOneStepAccumulate() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                List<Tensor> losses = step.call(() -> {
                    forget(w);
                    Tensor first = x.mm(w).tanh().sum();
                    first.backward();
                    Tensor second = x.mm(w).square().mean();
                    second.backward();
                    descend(0.1, w);
                    return List.of(first.detach(), second.detach());
                });
                trace.tensor("first", losses.get(0));
                trace.tensor("second", losses.get(1));
                trace.leaves(w);
            }
        });
    }

    @Test
    void gradientsAccumulateOverCallsAndAreForgottenEveryThird() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            SGD sgd = new SGD(List.of(w)).lr(0.1);
            for (int i = 0; i < 2 * STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                boolean last = i % 3 == 2;
                step.call(() -> {
                    x.mm(w).tanh().sum().backward();
                    if (last) {
                        sgd.step();
                        sgd.zeroGrad();
                    }
                    return null;
                });
                trace.leaves(w);
            }
        });
    }

    @Test
    void aRetainedGraphIsWalkedTwice() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(w);
                    Tensor loss = x.mm(w).tanh().sum();
                    loss.backward(null, true);
                    loss.backward();
                    descend(0.1, w);
                    return null;
                });
                trace.leaves(w);
            }
        });
    }

    @Test
    void aReleasedGraphIsRefusedInsideAndLeavesWhatEagerModeLeaves() {
        isInterrupted((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                trace.error(() -> step.call(() -> {
                    Tensor loss = x.mm(w).tanh().sum();
                    loss.backward();
                    loss.backward();
                    return null;
                }));
                trace.leaves(w);
            }
        });
    }

    @Test
    void aReleasedGraphIsRefusedOutside() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                Tensor loss = step.call(() -> {
                    Tensor sum = x.mm(w).tanh().sum();
                    sum.backward();
                    return sum;
                });
                trace.tensor("loss", loss);
                trace.error(loss::backward);
                trace.leaves(w);
            }
        });
    }

    @Test
    void tiedParameters() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 4);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(w);
                    x.mm(w).tanh().mm(w.t()).tanh().mm(w).sum().backward();
                    descend(0.1, w);
                    return null;
                });
                trace.leaves(w);
            }
        });
    }

    @Test
    void parametersFrozenInBetween() {
        isServed((step, trace) -> {
            Tensor a = leaf(1, 4, 3);
            Tensor b = leaf(2, 3, 2);
            for (int i = 0; i < 2 * STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                a.requiresGrad(i % 4 < 2);
                step.call(() -> {
                    forget(a, b);
                    x.mm(a).tanh().mm(b).sum().backward();
                    descend(0.1, a, b);
                    return null;
                });
                trace.leaves(a, b);
            }
        });
    }

    @Test
    void parametersFrozenInsideOfAStep() {
        bailsOut((step, trace) -> {
            Tensor a = leaf(1, 4, 3);
            Tensor b = leaf(2, 3, 2);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(a, b);
                    x.mm(a).tanh().mm(b).sum().backward();
                    a.requiresGrad(false);
                    x.mm(a).tanh().mm(b).square().sum().backward();
                    a.requiresGrad(true);
                    descend(0.1, a, b);
                    return null;
                });
                trace.leaves(a, b);
            }
        });
    }

    @Test
    void aPassFromAGivenGradient() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                Tensor seed = normal(50 + i, 5, 3);
                step.call(() -> {
                    forget(w);
                    Tensor y = x.mm(w).tanh();
                    y.backward(seed);
                    Tensor z = x.mm(w).sigmoid();
                    z.backward(y.detach().mul(seed));
                    descend(0.1, w);
                    return null;
                });
                trace.leaves(w);
            }
        });
    }

    @Test
    void aLeafThatIsNotReachedKeepsNoGradient() {
        isServed((step, trace) -> {
            Tensor a = leaf(1, 4, 3);
            Tensor b = leaf(2, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                boolean first = i % 2 == 0;
                step.call(() -> {
                    forget(a, b);
                    x.mm(first ? a : b).square().sum().backward();
                    descend(0.1, a, b);
                    return null;
                });
                trace.leaves(a, b);
            }
        });
    }
}

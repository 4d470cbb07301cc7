// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static dev.capstan.differential.TrainingCase.STEPS;
import static dev.capstan.differential.TrainingCase.bailsOut;
import static dev.capstan.differential.TrainingCase.compare;
import static dev.capstan.differential.TrainingCase.descend;
import static dev.capstan.differential.TrainingCase.forget;
import static dev.capstan.differential.TrainingCase.isInterrupted;
import static dev.capstan.differential.TrainingCase.isServed;
import static dev.capstan.differential.TrainingCase.leaf;
import static dev.capstan.differential.TrainingCase.normal;

import dev.capstan.Generator;
import dev.capstan.GradMode;
import dev.capstan.Tensor;
import dev.capstan.optim.Adam;
import dev.capstan.runtime.type.DType;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Steps that write: to parameters by hand, to buffers, to intermediate values. */
@Tag("everywhere")
final class StepWritesTest {
    @Test
    void parametersChangePlaces() {
        isServed((step, trace) -> {
            Tensor a = leaf(1, 3, 3);
            Tensor b = leaf(2, 3, 3);
            for (int i = 0; i < STEPS; i++) {
                step.call(() -> {
                    try (GradMode.Scope off = GradMode.noGrad()) {
                        Tensor old = a.copy();
                        a.copy_(b);
                        b.copy_(old);
                        a.mul_(0.5);
                    }
                    return null;
                });
                trace.leaves(a, b);
            }
        });
    }

    @Test
    void anUpdateByHandThroughADetachedTensor() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(w);
                    x.mm(w).tanh().sum().backward();
                    w.detach().sub_(w.grad().mul(0.1));
                    w.detach().mul_(0.9);
                    return null;
                });
                trace.leaves(w);
            }
        });
    }

    @Test
    void averagesOfWeights() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Tensor average = w.detach().copy();
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(w);
                    x.mm(w).tanh().sum().backward();
                    descend(0.1, w);
                    try (GradMode.Scope off = GradMode.noGrad()) {
                        average.mul_(0.9).add_(w.mul(0.1));
                    }
                    return null;
                });
                trace.leaves(w, average);
            }
        });
    }

    @Test
    void decayOfWeights() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(w);
                    x.mm(w).tanh().sum().backward();
                    try (GradMode.Scope off = GradMode.noGrad()) {
                        w.grad().add_(w.mul(0.01));
                        w.mul_(1 - 0.1 * 0.02);
                        w.sub_(w.grad().mul(0.1));
                    }
                    return null;
                });
                trace.leaves(w);
            }
        });
    }

    @Test
    void aRunningMeanIsUpdatedInForward() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Tensor mean = Tensor.zeros(3);
            Tensor variance = Tensor.ones(3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(w);
                    Tensor h = x.mm(w);
                    Tensor m = h.mean(0);
                    Tensor v = h.sub(m).square().mean(0);
                    try (GradMode.Scope off = GradMode.noGrad()) {
                        mean.mul_(0.9).add_(m.mul(0.1));
                        variance.mul_(0.9).add_(v.mul(0.1));
                    }
                    h.sub(m).div(v.add(1e-5).sqrt()).tanh().sum().backward();
                    descend(0.1, w);
                    return null;
                });
                trace.leaves(w, mean, variance);
            }
        });
    }

    @Test
    void aRunningMeanIsUpdatedInARegionWithoutAPass() {
        compare((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Tensor mean = Tensor.zeros(3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                forget(w);
                Tensor y = step.call(() -> {
                    Tensor h = x.mm(w);
                    Tensor m = h.mean(0);
                    mean.detach().mul_(0.9).add_(m.detach().mul(0.1));
                    return h.sub(mean).tanh();
                });
                trace.tensor("y", y);
                y.sum().backward();
                trace.leaves(w, mean);
            }
        });
    }

    @Test
    void intermediateValuesAreChangedInPlaceWithGradient() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Tensor b = leaf(2, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(w, b);
                    Tensor h = x.mm(w).add_(b).relu_();
                    h.mul_(h);
                    h.add(1).mul_(2).tanh_().sum().backward();
                    descend(0.1, w, b);
                    return null;
                });
                trace.leaves(w, b);
            }
        });
    }

    @Test
    void aWriteThatSpoilsAGradientIsRefusedAsInEagerMode() {
        isInterrupted((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                trace.error(() -> step.call(() -> {
                    forget(w);
                    Tensor h = x.mm(w).tanh();
                    h.add_(1);
                    h.sum().backward();
                    return null;
                }));
                trace.leaves(w);
            }
        });
    }

    @Test
    void oneTensorPassedTwice() {
        isServed((step, trace) -> {
            Tensor a = normal(1, 3, 3);
            for (int i = 0; i < STEPS; i++) {
                CompiledPair pair = (x, y) -> {
                    Tensor old = x.mul(2);
                    x.mul_(0.5);
                    y.add_(old);
                    return x.mm(y);
                };
                trace.tensor("y", step.call(() -> pair.apply(a, a)));
                trace.leaves(a);
            }
        });
    }

    @FunctionalInterface
    private interface CompiledPair {
        Tensor apply(Tensor x, Tensor y);
    }

    @Test
    void emptyTensorsAndDoubles() {
        isServed((step, trace) -> {
            Tensor w = new Generator(1).normal(DType.FLOAT64, 4, 3).requiresGrad(true);
            Tensor none = Tensor.zeros(0, 3).requiresGrad(true);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = new Generator(10 + i).normal(DType.FLOAT64, 5, 4);
                step.call(() -> {
                    forget(w, none);
                    x.mm(w).tanh().sum().backward();
                    none.mul(2).sum().backward();
                    descend(0.1, w, none);
                    return null;
                });
                trace.leaves(w, none);
            }
        });
    }

    @Test
    void parametersThatAreNotContiguous() {
        isServed((step, trace) -> {
            Tensor w = normal(1, 3, 4).t().requiresGrad(true);
            Tensor part = normal(2, 6, 3).narrow(0, 1, 4).narrow(1, 1, 2).requiresGrad(true);
            Adam adam = new Adam(List.of(w, part)).lr(0.1);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    adam.zeroGrad();
                    x.mm(w).tanh().sum().add(x.mm(part).sigmoid().sum()).backward();
                    adam.step();
                    return null;
                });
                trace.leaves(w, part);
            }
        });
    }

    @Test
    void aCopyOverAnIntermediateValueGivesItNoGradient() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Tensor v = leaf(2, 5, 3);
            Tensor b = leaf(3, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(w, v, b);
                    Tensor h = x.mm(w);
                    h.copy_(v);
                    h.mul(b).sum().backward();
                    Tensor zero = x.mm(w).mul(b);
                    zero.zero_();
                    zero.add(v).square().sum().backward();
                    Tensor filled = x.mm(w).mul(2);
                    filled.copy_(b);
                    filled.tanh().sum().backward();
                    descend(0.1, w, v, b);
                    return null;
                });
                trace.leaves(w, v, b);
            }
        });
    }

    @Test
    void elementsAreWrittenByTheHostInMidRegion() {
        bailsOut((step, trace) -> {
            Tensor w = leaf(1, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 3);
                Tensor y = step.call(() -> {
                    Tensor before = x.mul(w);
                    float[] elements = (float[]) x.writableValues().storage().array();
                    elements[1] = 7;
                    return before.add(x.exp());
                });
                trace.tensor("y", y);
                trace.error(() -> y.sum().backward());
                trace.leaves(w, x);
            }
        });
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static dev.capstan.differential.TrainingCase.*;

import dev.capstan.*;
import dev.capstan.nn.*;
import dev.capstan.optim.*;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.CapstanException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Steps that write: to parameters by hand, to buffers, to intermediate values and views. */
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
        compare((step, trace) -> {
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
    void viewsOfIntermediateValuesAreWritten() {
        compare((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                Tensor y = step.call(() -> {
                    forget(w);
                    Tensor h = x.mm(w);
                    Tensor row = h.select(0, 1);
                    Tensor before = row.mul(2);
                    h.narrow(0, 0, 2).mul_(3);
                    Tensor after = row.mul(2);
                    h.select(1, 0).copy_(before.sum().expand(5));
                    before.add(after).add(row).sum().add(h.square().sum()).backward();
                    descend(0.01, w);
                    return row.detach();
                });
                trace.tensor("y", y);
                trace.leaves(w);
            }
        });
    }

    @Test
    void viewsOfInputsAreWritten() {
        compare((step, trace) -> {
            Tensor buffer = normal(1, 4, 3);
            Tensor outside = buffer.select(0, 2);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 3);
                int row = i % 4;
                Tensor y = step.call(() -> {
                    Tensor sum = buffer.sum(0);
                    Tensor view = buffer.select(0, row);
                    Tensor before = view.mul(2);
                    view.copy_(x);
                    return before.add(view).add(sum).add(outside);
                });
                trace.tensor("y", y);
                trace.tensor("outside", outside);
                trace.leaves(buffer);
            }
        });
    }

    @Test
    void viewsTakenBeforeAndAfterAWriteSeeIt() {
        isServed((step, trace) -> {
            Tensor buffer = normal(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 4, 3);
                List<Tensor> y = step.call(() -> {
                    Tensor early = buffer.t().narrow(0, 1, 2);
                    Tensor product = early.mul(2);
                    buffer.add_(x);
                    Tensor late = buffer.t().narrow(0, 0, 2);
                    return List.of(product.add(early), late.mul(early));
                });
                trace.tensor("first", y.get(0));
                trace.tensor("second", y.get(1));
                trace.leaves(buffer);
            }
        });
    }

    @Test
    void viewsOfWhatWasWrittenAreResults() {
        compare((step, trace) -> {
            Tensor buffer = normal(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 4, 3);
                List<Tensor> y = step.call(() -> {
                    Tensor early = buffer.t();
                    buffer.add_(x);
                    return List.of(early, buffer.select(0, 1), buffer, buffer.detach());
                });
                y.forEach(tensor -> trace.tensor("y", tensor));
                buffer.add_(1);
                y.forEach(tensor -> trace.tensor("y", tensor));
                y.get(1).mul_(2);
                trace.leaves(buffer);
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
    void twoViewsOfOneStorageAreInputsAndOneIsWritten() {
        compare((step, trace) -> {
            Tensor base = normal(1, 6);
            Tensor a = base.narrow(0, 0, 4);
            Tensor b = base.narrow(0, 2, 4);
            for (int i = 0; i < STEPS; i++) {
                Tensor y = step.call(() -> {
                    Tensor sum = a.add(b);
                    a.mul_(2);
                    Tensor again = a.add(b);
                    b.add_(sum);
                    return again.sub(a);
                });
                trace.tensor("y", y);
                trace.leaves(base, a, b);
            }
        });
    }

    @Test
    void aHiddenViewIsReadAfterTheWrite() {
        compare((step, trace) -> {
            Tensor base = normal(1, 2, 3);
            Tensor view = base.t();
            for (int i = 0; i < STEPS; i++) {
                Tensor y = step.call(() -> {
                    base.mul_(1.5);
                    return view.add(1);
                });
                trace.tensor("y", y);
                trace.leaves(base, view);
            }
        });
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
    void detachedTensorsStayDetachedAfterAWrite() {
        compare((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                List<Tensor> y = step.call(() -> {
                    forget(w);
                    Tensor h = x.mm(w);
                    Tensor apart = h.detach();
                    Tensor row = apart.select(0, 1);
                    h.mul_(2);
                    Tensor first = apart.mul(3);
                    Tensor second = row.mul(4);
                    h.sum().backward();
                    Tensor weights = w.detach();
                    weights.sub_(w.grad());
                    return List.of(first, second, weights.mul(2), weights);
                });
                y.forEach(tensor -> trace.tensor("y", tensor));
                trace.leaves(w);
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
}

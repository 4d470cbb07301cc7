// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static dev.capstan.differential.TrainingCase.STEPS;
import static dev.capstan.differential.TrainingCase.bailsOut;
import static dev.capstan.differential.TrainingCase.compare;
import static dev.capstan.differential.TrainingCase.descend;
import static dev.capstan.differential.TrainingCase.forget;
import static dev.capstan.differential.TrainingCase.isServed;
import static dev.capstan.differential.TrainingCase.leaf;
import static dev.capstan.differential.TrainingCase.normal;

import dev.capstan.GradMode;
import dev.capstan.Tensor;
import dev.capstan.optim.Adam;
import dev.capstan.optim.CosineAnnealingLR;
import dev.capstan.optim.LRScheduler;
import dev.capstan.optim.LinearLR;
import dev.capstan.optim.SGD;
import dev.capstan.optim.SequentialLR;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What steps keep from call to call: state, gradients of the last call, changing rates and shapes. */
@Tag("everywhere")
final class StepStatesTest {
    @Test
    void aRateThatChangesEveryCall() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            SGD sgd = new SGD(List.of(w)).momentum(0.9);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                double rate = 0.1 / (i + 1);
                step.call(() -> {
                    sgd.lr(rate).zeroGrad();
                    x.mm(w).tanh().sum().mul(rate).backward();
                    sgd.step();
                    return null;
                });
                trace.leaves(w);
            }
        });
    }

    @Test
    void aScheduleOfTheRate() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Adam adam = new Adam(List.of(w)).lr(0.1);
            LRScheduler schedule = new SequentialLR(
                    adam, List.of(new LinearLR(adam, 0.1, 1, 2), new CosineAnnealingLR(adam, STEPS, 0.001)), 2);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    adam.zeroGrad();
                    x.mm(w).tanh().sum().backward();
                    adam.step();
                    return null;
                });
                schedule.step();
                trace.leaves(w);
            }
        });
    }

    @Test
    void shapesThatChangeEveryCall() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, i, 4);
                step.call(() -> {
                    forget(w);
                    x.mm(w).tanh().sum().backward();
                    descend(0.1, w);
                    return null;
                });
                trace.leaves(w);
            }
        });
    }

    @Test
    void theGradientOfTheLastCallIsKept() {
        compare((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Tensor[] last = new Tensor[1];
            Tensor[] before = new Tensor[1];
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(w);
                    x.mm(w).tanh().sum().backward();
                    before[0] = last[0];
                    last[0] = w.grad();
                    descend(0.1, w);
                    return null;
                });
                trace.leaves(w);
                trace.tensor("gradient of the call before", before[0]);
                trace.tensor("gradient", last[0]);
                trace.text("the same " + (last[0] == w.grad()));
            }
        });
    }

    @Test
    void aKeptGradientIsUsedInTheNextStep() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Tensor[] last = {Tensor.zeros(4, 3)};
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(w);
                    x.mm(w).tanh().sum().backward();
                    try (GradMode.Scope off = GradMode.noGrad()) {
                        w.sub_(w.grad().add(last[0]).mul(0.1));
                    }
                    last[0] = w.grad();
                    return null;
                });
                trace.leaves(w);
            }
            trace.tensor("gradient", last[0]);
        });
    }

    @Test
    void gradientsThatAccumulateAreSeenThroughOldReferences() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Tensor first = null;
            int version = 0;
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    x.mm(w).tanh().sum().backward();
                    return null;
                });
                if (first == null) {
                    first = w.grad();
                    version = first.version();
                }
                trace.text("the same " + (first == w.grad()));
                trace.tensor("first", first);
                trace.text("writes " + (first.version() - version));
            }
        });
    }

    @Test
    void stateIsCarriedDetached() {
        compare((step, trace) -> {
            Tensor w = leaf(1, 3, 3);
            Tensor[] state = {normal(2, 1, 3)};
            for (int i = 0; i < STEPS; i++) {
                step.call(() -> {
                    forget(w);
                    Tensor h = state[0].mm(w).tanh();
                    h.square().sum().backward();
                    state[0] = h.detach();
                    descend(0.1, w);
                    return null;
                });
                trace.tensor("state", state[0]);
                trace.leaves(w);
            }
        });
    }

    @Test
    void stateIsCarriedDetachedAndIsReadAtTheEnd() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 3, 3);
            Tensor[] state = {normal(2, 1, 3)};
            for (int i = 0; i < STEPS; i++) {
                step.call(() -> {
                    forget(w);
                    Tensor h = state[0].mm(w).tanh();
                    h.square().sum().backward();
                    state[0] = h.detach();
                    descend(0.1, w);
                    return null;
                });
            }
            trace.tensor("state", state[0]);
            trace.leaves(w);
        });
    }

    @Test
    void stateIsCarriedOnTheTape() {
        compare((step, trace) -> {
            Tensor w = leaf(1, 3, 3);
            Tensor[] state = {normal(2, 1, 3)};
            for (int i = 0; i < STEPS; i++) {
                boolean last = i % 3 == 2;
                trace.error(() -> step.call(() -> {
                    Tensor h = state[0].mm(w).tanh();
                    state[0] = h;
                    if (last) {
                        h.square().sum().backward();
                        descend(0.1, w);
                        forget(w);
                        state[0] = h.detach();
                    }
                    return null;
                }));
                trace.tensor("state", state[0]);
                trace.leaves(w);
            }
        });
    }

    @Test
    void truncationWithoutDetachIsRefusedAsInEagerMode() {
        compare((step, trace) -> {
            Tensor w = leaf(1, 3, 3);
            Tensor[] state = {normal(2, 1, 3)};
            for (int i = 0; i < STEPS; i++) {
                trace.error(() -> step.call(() -> {
                    forget(w);
                    Tensor h = state[0].mm(w).tanh();
                    state[0] = h;
                    h.square().sum().backward();
                    descend(0.1, w);
                    return null;
                }));
                trace.leaves(w);
            }
        });
    }

    @Test
    void gradientsWhoseTensorsAreReplacedInside() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Tensor v = leaf(2, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(w, v);
                    x.mm(w).tanh().sum().backward();
                    v.setGrad(w.grad());
                    w.setGrad(w.grad().mul(2));
                    v.grad().add_(1);
                    descend(0.1, w, v);
                    return null;
                });
                trace.leaves(w, v);
            }
        });
    }

    @Test
    void stateIsReadInTheMiddleOfTheNextStep() {
        bailsOut((step, trace) -> {
            Tensor buffer = normal(1, 3, 3);
            Tensor[] state = {normal(2, 3, 3)};
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 3, 3);
                Tensor y = step.call(() -> {
                    Tensor next = x.tanh().mm(buffer);
                    buffer.sub_(next);
                    trace.text("sum " + buffer.sum().item());
                    Tensor sum = buffer.add(state[0]);
                    state[0] = next;
                    return sum;
                });
                trace.tensor("y", y);
                trace.leaves(buffer);
            }
        });
    }
}

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

/** What steps keep and hand out: fields, gradients of the last call, results on the tape, changing rates and shapes. */
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
    void parametersAndGradientsAreResults() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                List<Tensor> results = step.call(() -> {
                    forget(w);
                    x.mm(w).tanh().sum().backward();
                    descend(0.1, w);
                    return List.of(w.detach(), w.grad(), w, w.detach().t());
                });
                trace.text("" + (results.get(1) == w.grad()) + (results.get(2) == w));
                results.forEach(result -> trace.tensor("result", result));
                results.get(0).mul_(0.5);
                results.get(1).zero_();
                results.forEach(result -> trace.tensor("result", result));
                trace.leaves(w);
            }
        });
    }

    @Test
    void aResultIsStillOnTheTapeAfterTheUpdate() {
        isPinned("a result is still on the tape", (step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Tensor v = leaf(2, 3, 1);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                forget(v, w);
                Tensor y = step.call(() -> {
                    x.mm(w).tanh().sum().backward();
                    Tensor z = x.mm(w).exp().mm(v);
                    descend(0.1, w);
                    return z;
                });
                trace.tensor("y", y);
                trace.error(() -> y.sum().backward());
                trace.leaves(w, v);
            }
        });
    }

    @Test
    void aSumIsStillOnTheTapeAfterTheUpdateAndNeedsNothingThatChanged() {
        compare((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Tensor b = leaf(2, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                forget(w, b);
                Tensor y = step.call(() -> {
                    Tensor z = x.mm(w).add(b).sum();
                    z.backward(null, true);
                    descend(0.1, w, b);
                    return z;
                });
                trace.tensor("y", y);
                trace.error(y::backward);
                trace.leaves(w, b);
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
    void unusedOutputs() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                List<Tensor> y = step.call(() -> {
                    forget(w);
                    Tensor h = x.mm(w).tanh();
                    Tensor loss = h.sum();
                    loss.backward();
                    descend(0.1, w);
                    return List.of(loss, h, x, x.t(), h.detach());
                });
                if (i % 2 == 1) {
                    y.forEach(tensor -> trace.tensor("y", tensor));
                }
                trace.leaves(w);
            }
        });
    }

    @Test
    void aValueKeptInAFieldIsReadOnceAResultHasChanged() {
        compare((step, trace) -> {
            Tensor[] field = new Tensor[2];
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                Tensor y = step.call(() -> {
                    Tensor h = x.tanh();
                    field[0] = h.select(0, 1);
                    field[1] = field[0].mul(2);
                    return h;
                });
                y.mul_(3);
                trace.tensor("product", field[1]);
                trace.tensor("view", field[0]);
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
    void aValueKeptInAFieldIsWrittenAfterwards() {
        compare((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Tensor[] field = new Tensor[4];
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(w);
                    field[0] = x.mm(w);
                    field[1] = field[0].detach();
                    field[2] = x.exp();
                    field[3] = w.detach();
                    Tensor h = field[0].mul_(2);
                    field[2].add_(1);
                    h.tanh().sum().backward();
                    descend(0.1, w);
                    return null;
                });
                for (Tensor kept : field) {
                    trace.tensor("field", kept);
                }
                trace.leaves(w);
            }
        });
    }
}

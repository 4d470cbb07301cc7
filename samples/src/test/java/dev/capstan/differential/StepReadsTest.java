// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static dev.capstan.differential.TrainingCase.STEPS;
import static dev.capstan.differential.TrainingCase.bailsOut;
import static dev.capstan.differential.TrainingCase.descend;
import static dev.capstan.differential.TrainingCase.forget;
import static dev.capstan.differential.TrainingCase.leaf;
import static dev.capstan.differential.TrainingCase.normal;

import dev.capstan.GradMode;
import dev.capstan.Tensor;
import dev.capstan.optim.Adam;
import dev.capstan.optim.SGD;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Steps whose Java reads values in between. */
@Tag("everywhere")
final class StepReadsTest {
    @Test
    void theLossIsReadBeforeThePass() {
        bailsOut((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(w);
                    Tensor loss = x.mm(w).tanh().sum();
                    trace.text("loss " + loss.item());
                    loss.backward();
                    descend(0.1, w);
                    return null;
                });
                trace.leaves(w);
            }
        });
    }

    @Test
    void theLossIsReadBetweenPassAndUpdate() {
        bailsOut((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Adam adam = new Adam(List.of(w)).lr(0.1);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    adam.zeroGrad();
                    Tensor loss = x.mm(w).tanh().sum();
                    loss.backward();
                    trace.text("loss " + loss.item());
                    adam.step();
                    return null;
                });
                trace.leaves(w);
            }
        });
    }

    @Test
    void theLossIsReadAfterTheUpdate() {
        bailsOut((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Adam adam = new Adam(List.of(w)).lr(0.1);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    adam.zeroGrad();
                    Tensor loss = x.mm(w).tanh().sum();
                    loss.backward();
                    adam.step();
                    trace.text("loss " + loss.item());
                    trace.error(loss::backward);
                    return null;
                });
                trace.leaves(w);
            }
        });
    }

    @Test
    void aGradientIsPrintedInMidStep() {
        bailsOut((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Tensor b = leaf(2, 3);
            SGD sgd = new SGD(List.of(w, b)).lr(0.1).momentum(0.5);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    sgd.zeroGrad();
                    x.mm(w).add(b).tanh().sum().backward();
                    trace.text(b.grad().toString());
                    sgd.step();
                    return null;
                });
                trace.leaves(w, b);
            }
        });
    }

    @Test
    void aParameterIsReadOnTheHostAfterItsUpdate() {
        bailsOut((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Tensor b = leaf(2, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(w, b);
                    x.mm(w).add(b).tanh().sum().backward();
                    descend(0.1, w);
                    trace.text(w.toString());
                    trace.text("version " + w.version());
                    descend(0.1, b);
                    return null;
                });
                trace.leaves(w, b);
            }
        });
    }

    @Test
    void aSkippedUpdateDependsOnTheGradient() {
        bailsOut((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < 2 * STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(w);
                    x.mm(w).tanh().sum().backward();
                    if (w.grad().sum().item() > 0) {
                        descend(0.1, w);
                    }
                    return null;
                });
                trace.leaves(w);
            }
        });
    }

    @Test
    void aLineSearchReadsSeveralLosses() {
        bailsOut((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                double rate = step.call(() -> {
                    forget(w);
                    Tensor loss = x.mm(w).tanh().square().sum();
                    loss.backward();
                    double before = loss.item();
                    double tried = 1;
                    try (GradMode.Scope off = GradMode.noGrad()) {
                        Tensor kept = w.copy();
                        for (int j = 0; j < 4; j++) {
                            w.copy_(kept.sub(w.grad().mul(tried)));
                            if (x.mm(w).tanh().square().sum().item() < before) {
                                break;
                            }
                            tried /= 4;
                        }
                    }
                    return tried;
                });
                trace.text("rate " + rate);
                trace.leaves(w);
            }
        });
    }

    @Test
    void theTapeBehindTheLossIsLookedAtInMidStep() {
        bailsOut((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(w);
                    Tensor loss = x.mm(w).tanh().sum();
                    trace.text("leaf " + loss.isLeaf() + ", required " + loss.requiresGrad());
                    trace.text(loss.gradFn() == null ? "none" : "some");
                    loss.backward();
                    descend(0.1, w);
                    trace.text(w.gradFn() == null ? "none" : "some");
                    return null;
                });
                trace.leaves(w);
            }
        });
    }

    @Test
    void aViewOfAnInputOutlivesAWriteAndARead() {
        bailsOut((step, trace) -> {
            Tensor buffer = normal(1, 3, 3);
            Tensor w = leaf(2, 3, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 3, 3);
                Tensor y = step.call(() -> {
                    forget(w);
                    Tensor row = buffer.select(0, 1);
                    Tensor other = x.select(0, 0);
                    Tensor turned = w.t();
                    buffer.mul_(0.5);
                    x.add_(1);
                    descend(0.1, w);
                    trace.text("sum " + buffer.sum().item());
                    row.sub_(other);
                    turned.mm(x).sum().backward();
                    descend(0.1, w);
                    return buffer.add(row);
                });
                trace.tensor("y", y);
                trace.leaves(buffer, w, x);
            }
        });
    }
}

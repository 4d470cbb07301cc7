// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static dev.capstan.differential.TrainingCase.STEPS;
import static dev.capstan.differential.TrainingCase.bailsOut;
import static dev.capstan.differential.TrainingCase.compare;
import static dev.capstan.differential.TrainingCase.descend;
import static dev.capstan.differential.TrainingCase.differentiateTwice;
import static dev.capstan.differential.TrainingCase.forget;
import static dev.capstan.differential.TrainingCase.isServed;
import static dev.capstan.differential.TrainingCase.leaf;
import static dev.capstan.differential.TrainingCase.normal;

import dev.capstan.GradMode;
import dev.capstan.Tensor;
import dev.capstan.runtime.type.DType;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Writes to parts of tensors are captured: one segment, one program. */
@Tag("everywhere")
final class PartWritesTest {
    @Test
    void rowByRowIntoATensorOfResults() {
        isServed((step, trace) -> {
            for (int i = 0; i < STEPS; i++) {
                Tensor w = leaf(1, 4, 4);
                Tensor x = normal(10 + i, 3, 4);
                Tensor y = step.call(() -> {
                    Tensor out = x.mul(0);
                    Tensor h = x.select(0, 0);
                    for (int t = 0; t < 3; t++) {
                        h = h.add(x.select(0, t)).matmul(w).tanh();
                        out.set(t, h);
                    }
                    return out.mul(2);
                });
                y.square().sum().backward();
                trace.tensor("y", y);
                trace.leaves(w);
            }
        });
    }

    @Test
    void allWritesToViewsInAWholeStep() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 3, 4);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 3, 4);
                Tensor loss = step.call(() -> {
                    forget(w);
                    Tensor h = w.mul(x);
                    Tensor row = h.select(0, 1);
                    row.mul_(0.5).add_(w.select(0, 0));
                    h.t().select(0, 2).tanh_();
                    h.narrow(1, 0, 2).copy_(x.select(0, 0).narrow(0, 0, 2));
                    h.select(1, 3).fill_(0.25);
                    h.reshape(-1).narrow(0, 4, 3).sub_(row.narrow(0, 0, 1));
                    Tensor made = h.mul(x).sum().add(row.sin().sum());
                    made.backward();
                    descend(0.1, w);
                    return made;
                });
                trace.tensor("loss", loss);
                trace.leaves(w);
            }
        });
    }

    @Test
    void viewsOfARewrittenTensorAreConnectedInTheOrderOfTheirUse() {
        isServed((step, trace) -> {
            Tensor a = normal(2, 64);
            Tensor b = normal(3, 64);
            Tensor c = normal(4, 3, 64);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = leaf(10 + i, 3, 64);
                Tensor y = step.call(() -> {
                    Tensor h = x.mul(2);
                    Tensor row = h.select(0, 1);
                    Tensor end = row.narrow(0, 32, 32);
                    Tensor before = row.mul(a).sum();
                    h.select(0, 2).add_(row);
                    Tensor once = row.mul(b).sum();
                    h.mul_(1.5);
                    Tensor late = end.mul(b.narrow(0, 0, 32)).sum();
                    return before.add(once)
                            .add(late)
                            .add(h.mul(c).sum())
                            .add(row.mul(a).sum());
                });
                y.backward();
                trace.tensor("y", y);
                trace.leaves(x);
            }
        });
    }

    /** Three sums of gradients meet in the base: their order shows in the last bit. */
    @Test
    void aReturnedViewIsConnectedWhenItIsUsed() {
        isServed((step, trace) -> {
            for (int i = 0; i < STEPS; i++) {
                Tensor x = leaf(10 + i, 3, 64);
                List<Tensor> made = step.call(() -> {
                    Tensor whole = x.mul(0.75);
                    Tensor turned = whole.t();
                    whole.mul_(0.5);
                    return List.of(whole, turned);
                });
                Tensor whole = made.get(0);
                Tensor loss = whole.mul(0.3).sum().add(whole.square().sum());
                loss.add(made.get(1).square().sum()).backward();
                trace.tensor("view", made.get(1));
                trace.leaves(x);
            }
        });
    }

    /** The same where it is asked inside whether the view is on the tape: that connects it. */
    @Test
    void aViewIsConnectedWhenItsTapeIsLookedAt() {
        compare((step, trace) -> {
            for (int i = 0; i < STEPS; i++) {
                Tensor x = leaf(10 + i, 3, 64);
                List<Tensor> made = step.call(() -> {
                    Tensor whole = x.mul(0.75);
                    Tensor row = whole.select(0, 1);
                    row.mul_(0.5);
                    Tensor first = whole.mul(0.3);
                    boolean taped = row.requiresGrad();
                    return List.of(first, whole.mul(taped ? 0.7 : 0), whole.sin(), row.mul(1.5));
                });
                Tensor loss = Tensor.zeros();
                for (Tensor part : made) {
                    loss = loss.add(part.square().sum());
                }
                loss.backward();
                trace.leaves(x);
            }
        });
    }

    @Test
    void unrecordedWritesLeaveTheTapeOfViewsAlone() {
        isServed((step, trace) -> {
            Tensor a = normal(2, 64);
            Tensor b = normal(3, 64);
            Tensor c = normal(4, 3, 64);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = leaf(10 + i, 3, 64);
                Tensor y = step.call(() -> {
                    Tensor h = x.mul(2);
                    Tensor row = h.select(0, 1);
                    Tensor before = row.mul(a).sum();
                    try (GradMode.Scope off = GradMode.noGrad()) {
                        h.select(0, 0).mul_(2);
                        row.mul_(3);
                    }
                    Tensor after = row.mul(b).sum();
                    return before.add(after).add(h.mul(c).sum());
                });
                y.backward();
                trace.tensor("y", y);
                trace.leaves(x);
            }
        });
    }

    @Test
    void partsOfAStateFromOutside() {
        isServed((step, trace) -> {
            Tensor state = normal(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 3);
                int at = i % 4;
                Tensor y = step.call(() -> {
                    state.set(at, x.tanh());
                    state.select(1, 0).mul_(0.5);
                    return state.sum();
                });
                trace.tensor("y", y);
                trace.leaves(state);
            }
        });
    }

    @Test
    void partsOfParametersAfterTheBackwardPass() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(w);
                    x.mm(w).tanh().sum().backward();
                    try (GradMode.Scope off = GradMode.noGrad()) {
                        w.narrow(0, 1, 2).sub_(w.grad().narrow(0, 1, 2).mul(0.1));
                        w.select(1, 0).zero_();
                    }
                    return null;
                });
                trace.leaves(w);
            }
        });
    }

    @Test
    void aSmallPartOfALargeStateIsWrittenInPlace() {
        bailsOut((step, trace) -> {
            Tensor state = normal(1, 40, 3);
            for (int i = 0; i < STEPS; i++) {
                int at = i;
                step.call(() -> {
                    state.set(at, normal(at, 3).tanh());
                    return null;
                });
                trace.leaves(state);
            }
        });
    }

    @Test
    void otherTypesAndShapesAreConverted() {
        isServed((step, trace) -> {
            for (int i = 0; i < STEPS; i++) {
                Tensor x = leaf(10 + i, 3, 4);
                Tensor d = normal(2, 4).to(DType.FLOAT64).requiresGrad(true);
                Tensor y = step.call(() -> {
                    Tensor h = x.mul(2);
                    h.select(0, 1).copy_(d.sin());
                    h.narrow(0, 0, 1).copy_(d.mul(2).sum());
                    h.select(1, 2).add_(d.select(0, 0));
                    Tensor n = h.gt(0).to(DType.INT64);
                    n.select(0, 0).fill_(7);
                    return h.mul(n);
                });
                y.sum().backward();
                trace.tensor("y", y);
                trace.leaves(x, d);
            }
        });
    }

    @Test
    void secondDerivativesThroughWrites() {
        compare((step, trace) -> {
            for (int i = 0; i < STEPS; i++) {
                Tensor x = leaf(10 + i, 3, 4);
                Tensor y = step.call(() -> {
                    Tensor h = x.mul(x);
                    Tensor row = h.select(0, 1);
                    h.select(0, 0).mul_(x.select(0, 2));
                    row.tanh_();
                    return h.mul(x).add(row.exp());
                });
                trace.tensor("slope", differentiateTwice(y, x));
                trace.leaves(x);
            }
        });
    }

    @Test
    void readsAndThrownExceptionsBetweenWrites() {
        bailsOut((step, trace) -> {
            for (int i = 0; i < STEPS; i++) {
                Tensor x = leaf(10 + i, 3, 4);
                boolean fails = i % 3 == 2;
                Tensor[] kept = new Tensor[2];
                trace.error(() -> step.call(() -> {
                    kept[0] = x.mul(2);
                    kept[1] = kept[0].select(0, 1);
                    kept[0].select(0, 0).add_(kept[1]);
                    kept[1].mul_(3);
                    trace.text("requires " + kept[1].requiresGrad() + kept[0].requiresGrad());
                    if (kept[0].sum().item() > 0) {
                        kept[1].mul_(0.5);
                    }
                    if (fails) {
                        throw new IllegalStateException("thrown");
                    }
                    return kept[0].sum();
                }));
                kept[0].mul(kept[1]).sum().backward();
                trace.tensor("whole", kept[0]);
                trace.tensor("row", kept[1]);
                trace.leaves(x);
            }
        });
    }

    @Test
    void anUntapedTensorThatIsWrittenToIsOnTheTapeFromThenOn() {
        isServed((step, trace) -> {
            for (int i = 0; i < STEPS; i++) {
                Tensor x = leaf(10 + i, 4);
                Tensor c = normal(1, 3, 4);
                Tensor y = step.call(() -> {
                    Tensor h = c.mul(2);
                    Tensor row = h.select(0, 1);
                    Tensor other = h.select(0, 2);
                    trace.text("before " + h.requiresGrad() + row.requiresGrad());
                    row.copy_(x.exp());
                    trace.text("after " + h.requiresGrad() + row.requiresGrad() + other.requiresGrad());
                    return h.sum().add(row.mul(other).sum());
                });
                y.backward();
                trace.tensor("y", y);
                trace.leaves(x);
            }
        });
    }

    @Test
    void viewsMadeInNoGradAreRefusedAfterARecordedWrite() {
        compare((step, trace) -> {
            for (int i = 0; i < STEPS; i++) {
                Tensor x = leaf(10 + i, 3, 4);
                trace.error(() -> step.call(() -> {
                    Tensor h = x.mul(2);
                    Tensor row;
                    try (GradMode.Scope off = GradMode.noGrad()) {
                        row = h.select(0, 1);
                    }
                    h.select(0, 0).mul_(2);
                    return row.mul(2);
                }));
                trace.error(() -> step.call(() -> {
                    Tensor h = x.mul(2);
                    Tensor row;
                    try (GradMode.Scope off = GradMode.noGrad()) {
                        row = h.select(0, 1);
                    }
                    row.mul_(2);
                    return h;
                }));
                Tensor y = step.call(() -> {
                    Tensor h = x.mul(2);
                    Tensor row;
                    try (GradMode.Scope off = GradMode.noGrad()) {
                        row = h.select(0, 1);
                    }
                    h.mul_(3);
                    trace.error(() -> row.mul(2));
                    return h;
                });
                trace.tensor("y", y);
            }
        });
    }

    @Test
    void intoATensorOfZerosThatTheRegionMakes() {
        isServed((step, trace) -> {
            for (int i = 0; i < STEPS; i++) {
                Tensor w = leaf(1, 4, 4);
                Tensor x = normal(10 + i, 3, 2, 4);
                Tensor y = step.call(() -> {
                    Tensor out = Tensor.zeros(3, 2, 4);
                    Tensor h = Tensor.full(DType.FLOAT32, 0.5, 2, 4);
                    for (int t = 0; t < 3; t++) {
                        h = h.add(x.select(0, t)).mm(w).tanh();
                        out.set(t, h);
                    }
                    return Tensor.cat(List.of(out, Tensor.zeros(0, 2, 4), Tensor.ones(1, 2, 4)), 0);
                });
                y.square().sum().backward();
                trace.tensor("y", y);
                trace.leaves(w);
            }
        });
    }
}

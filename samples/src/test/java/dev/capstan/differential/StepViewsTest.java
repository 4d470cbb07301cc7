// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static dev.capstan.differential.TrainingCase.STEPS;
import static dev.capstan.differential.TrainingCase.compare;
import static dev.capstan.differential.TrainingCase.descend;
import static dev.capstan.differential.TrainingCase.forget;
import static dev.capstan.differential.TrainingCase.isPinned;
import static dev.capstan.differential.TrainingCase.isServed;
import static dev.capstan.differential.TrainingCase.leaf;
import static dev.capstan.differential.TrainingCase.normal;

import dev.capstan.GradMode;
import dev.capstan.Tensor;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Steps that write where several tensors lie in one storage. */
@Tag("everywhere")
final class StepViewsTest {
    @Test
    void viewsOfIntermediateValuesAreWritten() {
        isPinned("results share storage that was written to", (step, trace) -> {
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
    void copiesOfWhatWasWrittenAreResults() {
        isServed((step, trace) -> {
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 3, 4);
                Tensor y = step.call(() -> {
                    Tensor turned = x.t();
                    turned.mul_(2);
                    return turned.reshape(-1).reshape(4, 3);
                });
                trace.tensor("y", y);
                trace.leaves(x);
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
    void aViewMadeWithoutTapeThatNobodyUsesAnyMoreRefusesNothing() {
        compare((step, trace) -> {
            Tensor p = leaf(1, 1, 1);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(i, 1, 1);
                Tensor y = step.call(() -> {
                    Tensor flat = x.mul(2).reshape(-1).reshape(1, 1);
                    try (GradMode.Scope off = GradMode.noGrad()) {
                        flat.narrow(0, 0, 1).tanh_();
                    }
                    flat.narrow(0, 0, 1).sub_(p);
                    return flat;
                });
                y.sum().backward();
                trace.tensor("y", y);
                trace.leaves(p);
            }
        });
    }
}

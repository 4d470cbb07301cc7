// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static dev.capstan.differential.TrainingCase.STEPS;
import static dev.capstan.differential.TrainingCase.compare;
import static dev.capstan.differential.TrainingCase.descend;
import static dev.capstan.differential.TrainingCase.forget;
import static dev.capstan.differential.TrainingCase.isServed;
import static dev.capstan.differential.TrainingCase.isTaped;
import static dev.capstan.differential.TrainingCase.leaf;
import static dev.capstan.differential.TrainingCase.normal;

import dev.capstan.Tensor;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What steps hand out: gradients, parameters, results on the tape, values in fields. */
@Tag("everywhere")
final class StepResultsTest {
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
        isTaped("it changes tensors from outside, and a result is still on the tape", (step, trace) -> {
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

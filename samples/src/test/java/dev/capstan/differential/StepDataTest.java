// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static dev.capstan.differential.TrainingCase.STEPS;
import static dev.capstan.differential.TrainingCase.bailsOut;
import static dev.capstan.differential.TrainingCase.compare;
import static dev.capstan.differential.TrainingCase.forget;
import static dev.capstan.differential.TrainingCase.isInterrupted;
import static dev.capstan.differential.TrainingCase.isPinned;
import static dev.capstan.differential.TrainingCase.isServed;
import static dev.capstan.differential.TrainingCase.leaf;
import static dev.capstan.differential.TrainingCase.normal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Autograd;
import dev.capstan.Compiled;
import dev.capstan.GradOptions;
import dev.capstan.Stance;
import dev.capstan.Tensor;
import dev.capstan.runtime.spi.PathReport;
import dev.capstan.runtime.type.CapstanException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Writes through {@code data()}, which the tape does not notice, inside of regions and between them. */
@Tag("everywhere")
final class StepDataTest {
    @Test
    void anUpdateByHand() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                Tensor loss = step.call(() -> {
                    forget(w);
                    Tensor made = x.mm(w).tanh().sum();
                    made.backward();
                    w.data().sub_(w.grad().mul(0.1));
                    return made.detach();
                });
                trace.tensor("loss", loss);
                trace.leaves(w);
            }
        });
    }

    @Test
    void aTensorThatWasTakenBeforeTheRegion() {
        isServed((step, trace) -> {
            Tensor w = normal(1, 4, 3);
            Tensor data = w.data();
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                Tensor y = step.call(() -> {
                    data.mul_(0.5);
                    return x.mm(data);
                });
                trace.tensor("y", y);
                trace.leaves(w, data);
            }
        });
    }

    @Test
    void versionsInMidRegion() {
        bailsOut((step, trace) -> {
            Tensor w = normal(1, 4);
            Tensor data = w.data();
            for (int i = 0; i < STEPS; i++) {
                step.call(() -> {
                    data.mul_(0.5);
                    w.detach().add_(1);
                    trace.text("versions " + w.version() + " and " + data.version());
                    trace.tensor("read", data);
                    data.sub_(2);
                    return null;
                });
                trace.leaves(w, data);
            }
        });
    }

    @Test
    void whatAGradientNeedsIsOverwrittenInside() {
        isPinned("is overwritten", (step, trace) -> {
            Tensor x = leaf(1, 4);
            for (int i = 0; i < STEPS; i++) {
                forget(x);
                Tensor y = step.call(() -> {
                    Tensor h = x.exp();
                    Tensor g = h.mul(h);
                    h.data().mul_(2);
                    return g;
                });
                y.sum().backward();
                trace.leaves(x);
            }
        });
    }

    @Test
    void whatAQueuedPassNeedsIsOverwrittenBefore() {
        isInterrupted((step, trace) -> {
            Tensor x = leaf(1, 4);
            for (int i = 0; i < STEPS; i++) {
                step.call(() -> {
                    forget(x);
                    Tensor h = x.exp();
                    Tensor g = h.mul(h);
                    h.data().mul_(2);
                    g.sum().backward();
                    return null;
                });
                trace.leaves(x);
            }
        });
    }

    @Test
    void inputsAndResultsChangeBetweenTheRegionAndItsBackwardPass() {
        Compiled kept = compare((step, trace) -> {
            for (int i = 0; i < STEPS; i++) {
                Tensor x = leaf(1, 4);
                Tensor c = normal(2, 4);
                Tensor y = step.call(() -> x.mul(c).exp().tanh());
                c.data().mul_(2);
                y.data().mul_(0.5);
                y.sum().backward();
                trace.leaves(x, c);
                trace.tensor("y", y);
            }
        });
        assertTrue(kept.report().stream().mapToLong(PathReport::hits).sum() >= STEPS, kept.explain());
    }

    @Test
    void whatWasTakenInsideHasAVersionOfItsOwn() {
        Compiled kept = compare((step, trace) -> {
            Tensor w = leaf(1, 4);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 4);
                List<Tensor> y = step.call(() -> List.of(w.mul(x.data()), w.mul(x.detach())));
                x.mul_(2);
                trace.error(() -> y.get(0).sum().backward());
                trace.error(() -> y.get(1).sum().backward());
                trace.leaves(w, x);
            }
        });
        assertTrue(kept.report().stream().mapToLong(PathReport::hits).sum() >= STEPS, kept.explain());
    }

    @Test
    void writesThroughWhatWasTakenInsideAreNoticed() {
        Compiled kept = compare((step, trace) -> {
            Tensor w = leaf(1, 4);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 4);
                List<Tensor> y = step.call(() -> {
                    Tensor data = x.data();
                    return List.of(w.mul(data), data.reshape(2, 2), w.mul(x));
                });
                y.get(1).mul_(2);
                trace.error(() -> y.get(0).sum().backward());
                trace.error(() -> y.get(2).sum().backward());
                trace.leaves(w, x);
            }
        });
        assertTrue(kept.report().stream().mapToLong(PathReport::hits).sum() >= STEPS, kept.explain());
    }

    @Test
    void dataOfWhatWasWrittenToInsideKeepsItsVersion() {
        isPinned("data()", (step, trace) -> {
            Tensor w = leaf(1, 4);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 4);
                List<Tensor> y = step.call(() -> {
                    Tensor made = x.mul(3);
                    made.data().mul_(2);
                    Tensor data = made.data();
                    data.add_(1);
                    data.mul_(2);
                    return List.of(w.mul(data), made);
                });
                y.get(1).mul_(0.5);
                trace.error(() -> y.get(0).sum().backward());
                trace.leaves(w, y.get(1));
            }
        });
    }

    @Test
    void operatorsMadeAgainKnowTheSameVersion() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 4);
                List<Tensor> y = step.call(() -> {
                    Tensor data = x.data();
                    Tensor h = w.mul(data);
                    return List.of(data, h, h.mul(3));
                });
                y.get(1).registerHook(g -> g.mul(2));
                x.mul_(2);
                trace.error(() -> y.get(2).sum().backward(null, true));
                y.get(0).mul_(2);
                trace.error(() -> y.get(2).sum().backward());
                trace.leaves(w, x);
            }
        });
    }

    @Test
    void aChangedResultIsNotMadeAgain() {
        Compiled region = Compiled.region("again", 1);
        try (Stance.Scope scope = Stance.COMPILE_NOW.enter()) {
            Tensor x = leaf(1, 4);
            Tensor y = region.call(() -> x.mul(2).exp());
            y.data().mul_(0.5);
            CapstanException refused = assertThrows(
                    CapstanException.class,
                    () -> Autograd.grad(
                            List.of(y.sum()),
                            List.of(x),
                            null,
                            GradOptions.standard().withCreateGraph(true)));
            assertEquals(
                    "the operators of the compiled region are needed after a result has changed through data()",
                    refused.rule());
        }
    }

    @Test
    void aResultThatWasWrittenToInsideAndIsKeptApartMayNotChangeUnnoticed() {
        Compiled region = Compiled.region("apart", 1);
        try (Stance.Scope scope = Stance.COMPILE_NOW.enter()) {
            Tensor w = leaf(1, 4);
            List<Tensor> y = region.call(() -> {
                Tensor h = normal(2, 4).mul(3);
                h.add_(1);
                return List.of(w.mul(h), h);
            });
            y.get(1).data().mul_(2);
            Tensor sum = y.get(0).sum();
            CapstanException refused = assertThrows(CapstanException.class, sum::backward);
            assertEquals(
                    "the backward pass of the compiled region needs a result that has changed through data()",
                    refused.rule());
        }
    }

    @Test
    void anEscapedValueIsMadeBeforeItsInputChanges() {
        compare((step, trace) -> {
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(1, 4);
                Tensor data = x.data();
                Tensor[] escaped = new Tensor[1];
                Tensor y = step.call(() -> {
                    escaped[0] = x.mul(3);
                    Tensor sum = escaped[0].sum();
                    trace.text("sum " + sum.item());
                    data.add_(1);
                    return x.mul(2);
                });
                trace.tensor("escaped", escaped[0]);
                trace.tensor("y", y);
                trace.leaves(x, data);
            }
        });
    }

    @Test
    void anEscapedValueIsNotMadeOfOtherElements() {
        Compiled region = Compiled.region("escape", 1);
        try (Stance.Scope scope = Stance.COMPILE_NOW.enter()) {
            Tensor x = normal(1, 4);
            Tensor[] escaped = new Tensor[1];
            region.call(() -> {
                escaped[0] = x.mul(3);
                return escaped[0].exp();
            });
            x.data().zero_();
            CapstanException refused = assertThrows(CapstanException.class, () -> escaped[0].toFloatArray());
            assertTrue(refused.rule().contains("later calls keep it"), refused.rule());
        }
    }
}

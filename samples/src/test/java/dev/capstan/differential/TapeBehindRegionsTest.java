// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static dev.capstan.differential.TrainingCase.STEPS;
import static dev.capstan.differential.TrainingCase.bailsOut;
import static dev.capstan.differential.TrainingCase.compare;
import static dev.capstan.differential.TrainingCase.forget;
import static dev.capstan.differential.TrainingCase.isInterrupted;
import static dev.capstan.differential.TrainingCase.isServed;
import static dev.capstan.differential.TrainingCase.leaf;
import static dev.capstan.differential.TrainingCase.normal;

import dev.capstan.Autograd;
import dev.capstan.GradMode;
import dev.capstan.GradOptions;
import dev.capstan.Tensor;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a backward pass through a region refuses, frees and leaves alone, after the region has ended. */
@Tag("everywhere")
final class TapeBehindRegionsTest {
    @Test
    void aResultThatWasWrittenToRefusesItsGradient() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 3, 4);
            for (int i = 0; i < STEPS; i++) {
                Tensor y = step.call(w::tanh);
                try (GradMode.Scope off = GradMode.noGrad()) {
                    y.mul_(2);
                }
                trace.error(() -> y.sum().backward());
                trace.leaves(w);
            }
        });
    }

    @Test
    void aResultThatIsWrittenToOnceItsOperatorsAreOnTheTapeRefusesItsGradient() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4);
            for (int i = 0; i < STEPS; i++) {
                Tensor y = step.call(w::tanh);
                Tensor slope =
                        Autograd.grad(y.sum(), List.of(w), null, true, true).get(0);
                y.detach().zero_();
                trace.error(() -> slope.sum().backward());
                trace.error(() -> y.sum().backward());
                trace.leaves(w);
            }
        });
    }

    @Test
    void onlyWhatThePassReachesMustBeUnchanged() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 3, 4);
            Tensor v = leaf(2, 3, 4);
            for (int i = 0; i < STEPS; i++) {
                List<Tensor> y = step.call(() -> List.of(w.tanh(), v.exp()));
                try (GradMode.Scope off = GradMode.noGrad()) {
                    y.get(1).mul_(2);
                }
                trace.error(() -> y.get(0).sum().backward());
                trace.error(() -> y.get(1).sum().backward());
                trace.leaves(w, v);
            }
        });
    }

    @Test
    void aPassThatIsAfterSomeInputsFreesWhatLeadsToThem() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 3, 4);
            Tensor v = leaf(2, 3, 4);
            for (int i = 0; i < STEPS; i++) {
                List<Tensor> y = step.call(() -> {
                    Tensor square = v.mul(v).sum();
                    return List.of(square, square.add(w.mul(w).sum()));
                });
                trace.tensor("gradient", Autograd.grad(y.get(1), List.of(w)).get(0));
                trace.error(() -> y.get(0).backward(null, true));
                trace.error(() -> y.get(1).backward());
                trace.leaves(w, v);
            }
        });
    }

    @Test
    void whatLeadsToOneInputIsThereAfterAPassToAnother() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 3, 4);
            Tensor x = leaf(2, 3, 4);
            for (int i = 0; i < STEPS; i++) {
                Tensor y = step.call(() -> w.mul(w).sub(x.mul(x)).sum());
                trace.tensor("x", Autograd.grad(y, List.of(x)).get(0));
                trace.tensor("w", Autograd.grad(y, List.of(w)).get(0));
                trace.error(() -> Autograd.grad(y, List.of(w)));
            }
        });
    }

    @Test
    void aPassThroughOperatorsThatKeepNothingNeedsNone() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 3, 4);
            Tensor x = leaf(2, 3, 4);
            for (int i = 0; i < STEPS; i++) {
                Tensor y = step.call(() -> w.sub(x.mul(x)));
                y.sum().backward();
                GradOptions created = GradOptions.standard().withCreateGraph(true);
                trace.tensor("w", Autograd.grad(y.tanh().sum(), List.of(w)).get(0));
                trace.tensor(
                        "of the graph",
                        Autograd.grad(List.of(y.tanh().sum()), List.of(w), null, created)
                                .get(0));
                trace.error(() -> Autograd.grad(y.tanh().sum(), List.of(x)));
                trace.leaves(w, x);
            }
        });
    }

    @Test
    void aValueThatIsReadAfterAPassHasFreedItsTapeIsFreed() {
        isFreed(w -> w.mul(w));
    }

    @Test
    void aValueThatWasWrittenToAndIsReadAfterAPassHasFreedItsTapeIsFreed() {
        isFreed(w -> {
            Tensor y = w.mul(w);
            y.narrow(0, 0, 1).fill_(0.25);
            return y;
        });
    }

    /** Reads, in the last call only, a value that no program gives, after the pass that came from what was made of it. */
    private static void isFreed(UnaryOperator<Tensor> inside) {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 3, 4);
            Tensor[] escaping = new Tensor[1];
            for (int i = 0; i < STEPS; i++) {
                Tensor loss = step.call(() -> {
                    escaping[0] = inside.apply(w);
                    return escaping[0].exp().sum();
                });
                loss.backward();
                trace.leaves(w);
            }
            trace.error(() -> escaping[0].mul(3).sum().backward());
            trace.leaves(w);
        });
    }

    @Test
    void valuesThatEscapedAreAsOldAsTheResultsBesideThem() {
        bailsOut((step, trace) -> {
            Tensor x = leaf(1, 1, 17);
            for (int i = 0; i < STEPS; i++) {
                Tensor y = step.call(() -> {
                    Tensor copy = x.copy();
                    Tensor row = copy.reshape(-1);
                    Tensor squared = row.detach().mul(row).add(1);
                    trace.text("" + row.sum().item());
                    Tensor half = squared.mul(0.5);
                    trace.text("" + half.sum().item());
                    row.sub_(half);
                    return copy.mul(1);
                });
                trace.error(() -> y.sum().backward());
                trace.leaves(x);
            }
        });
    }

    @Test
    void resultsApartAreDifferentiatedOneAfterTheOther() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 3, 4);
            Tensor v = leaf(2, 3, 4);
            for (int i = 0; i < STEPS; i++) {
                List<Tensor> y =
                        step.call(() -> List.of(w.tanh(), v.exp(), w.tanh().mul(v)));
                trace.error(() -> y.get(0).sum().backward());
                trace.error(() -> y.get(1).sum().backward());
                trace.error(() -> y.get(0).sum().backward());
                trace.error(() -> y.get(2).sum().backward());
                trace.leaves(w, v);
            }
        });
    }

    @Test
    void resultsInCommonAreDifferentiatedOnce() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 3, 4);
            for (int i = 0; i < STEPS; i++) {
                List<Tensor> y = step.call(() -> {
                    Tensor h = w.tanh();
                    return List.of(h.sum(), h.mul(3));
                });
                trace.error(() -> y.get(1).sum().backward());
                trace.error(() -> y.get(0).backward());
                trace.leaves(w);
            }
        });
    }

    @Test
    void whatKeepsNothingIsDifferentiatedAgain() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 3, 4);
            for (int i = 0; i < STEPS; i++) {
                Tensor y = step.call(() -> w.add(1).neg());
                for (int j = 0; j < 3; j++) {
                    trace.error(() -> y.sum().backward());
                }
                trace.leaves(w);
            }
        });
    }

    @Test
    void whatLiesBehindAnotherResultIsNotFreed() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 3, 4);
            Tensor v = leaf(2, 3, 4);
            for (int i = 0; i < STEPS; i++) {
                Tensor a = w.exp();
                Tensor b = v.exp();
                List<Tensor> y = step.call(() -> List.of(a.mul(2), b.tanh()));
                trace.error(() -> y.get(0).sum().backward());
                trace.error(() -> b.sum().backward(null, true));
                trace.error(() -> y.get(1).sum().backward());
                trace.error(() -> y.get(1).sum().backward());
                trace.leaves(w, v);
            }
        });
    }

    @Test
    void aPassThatIsRefusedHalfWayLeavesWhatEagerModeLeaves() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4);
            Tensor v = leaf(2, 4);
            Tensor b = leaf(3, 4);
            for (int i = 0; i < STEPS; i++) {
                forget(w, v, b);
                List<Tensor> y = step.call(() -> {
                    Tensor h = w.tanh();
                    return List.of(h, h.mul(v), h.mul(v).exp().mul(w).add(b));
                });
                trace.error(() -> y.get(0).sum().backward());
                trace.leaves(w, v, b);
                trace.error(() -> y.get(1).sum().backward());
                trace.leaves(w, v, b);
                trace.error(() -> y.get(2).sum().backward());
                trace.leaves(w, v, b);
                trace.error(() -> y.get(2).sum().backward());
                trace.leaves(w, v, b);
            }
        });
    }

    @Test
    void aPassOfTheStepItselfIsRefusedHalfWayLater() {
        compare((step, trace) -> {
            Tensor w = leaf(1, 4);
            Tensor v = leaf(2, 4);
            for (int i = 0; i < STEPS; i++) {
                forget(w, v);
                Tensor y = step.call(() -> {
                    Tensor h = w.tanh();
                    h.sum().backward();
                    return h.mul(v);
                });
                trace.error(() -> y.sum().backward());
                trace.leaves(w, v);
                trace.error(() -> y.sum().backward());
                trace.leaves(w, v);
            }
        });
    }

    @Test
    void aPassThatMeetsAChangedValueLeavesWhatEagerModeLeaves() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 4);
            Tensor v = leaf(2, 4);
            Tensor u = leaf(4, 4);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 4);
                Tensor y = step.call(() -> w.mul(x).add(u.mul(v)));
                trace.error(() -> y.sum().backward(null, true));
                x.mul_(2);
                trace.error(() -> y.sum().backward(null, true));
                trace.leaves(w, v, u);
                Tensor outside = v.mul(3);
                trace.error(() -> y.mul(outside).sum().backward(null, true));
                trace.leaves(w, v, u);
            }
        });
    }

    @Test
    void aPassOfTheStepItselfIsRefusedAtOnceAfterAnInputWasWrittenTo() {
        isInterrupted((step, trace) -> {
            Tensor w = leaf(1, 3, 4);
            Tensor x = leaf(2, 3, 4);
            for (int i = 0; i < STEPS; i++) {
                step.call(() -> {
                    Tensor y = w.sub(x.mul(x));
                    try (GradMode.Scope off = GradMode.noGrad()) {
                        w.tanh_();
                    }
                    y.tanh().sum().backward();
                    trace.error(() -> y.tanh().sum().backward());
                    return null;
                });
                trace.leaves(w, x);
            }
        });
    }

    @Test
    void aPassIsRefusedHalfWayOverOperatorsThatWereMadeAgain() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 3, 4);
            Tensor x = leaf(2, 3, 4);
            Tensor[] escaping = new Tensor[1];
            for (int i = 0; i < STEPS; i++) {
                Tensor y = step.call(() -> {
                    escaping[0] = x.mul(x);
                    return w.sub(escaping[0]);
                });
                y.sum().backward();
                if (i == STEPS - 1) {
                    trace.error(() -> escaping[0].sum().backward());
                }
                trace.error(() -> y.tanh().sum().backward());
                trace.leaves(w, x);
            }
        });
    }

    @Test
    void aViewOfWhatWasOverwrittenGoesOnFromThere() {
        bailsOut((step, trace) -> {
            Tensor w = leaf(1, 1, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor y = step.call(() -> {
                    Tensor h = w.mul(2);
                    Tensor whole = h.copy();
                    Tensor part = whole.select(1, 0);
                    whole.fill_(0.25);
                    trace.text("" + h.mul(3).sum().item());
                    return part.mul(part);
                });
                trace.tensor("y", y);
                trace.error(() -> y.sum().backward());
                trace.leaves(w);
            }
        });
    }

    /** Its gradients are added up before they go on to what it is a view of. */
    @Test
    void aViewOfTheWholeHasAPlaceOfItsOwnOnTheTape() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 17, 1);
            for (int i = 0; i < STEPS; i++) {
                List<Tensor> y = step.call(() -> {
                    Tensor base = w.mul(1.5);
                    Tensor view = base.transpose(0, 1).transpose(0, 1);
                    view.mul_(0.5);
                    return List.of(view.mul(view).mul(view), base);
                });
                y.get(0).square().sum().add(y.get(1).square().sum()).backward();
                trace.leaves(w);
            }
        });
    }

    /** Its node is made when it is used again, so its gradient arrives before that of what used the base earlier. */
    @Test
    void aViewIsConnectedAnewWhenItIsUsed() {
        bailsOut((step, trace) -> {
            Tensor w = leaf(1, 8, 5);
            for (int i = 0; i < STEPS; i++) {
                List<Tensor> y = step.call(() -> {
                    Tensor base = w.mul(2);
                    Tensor view = base.reshape(-1);
                    Tensor other = view.transpose(0, -1);
                    other.copy_(other.add(1));
                    return List.of(base.add(base), view.tanh());
                });
                y.get(0).square().sum().add(y.get(1).square().sum()).backward();
                trace.leaves(w);
            }
        });
    }

    @Test
    void aViewIsReadBetweenAQueuedWriteAndARecordedOne() {
        bailsOut((step, trace) -> {
            Tensor w = leaf(1, 2, 2);
            for (int i = 0; i < STEPS; i++) {
                Tensor q = TrainingCase.normal(10 + i, 2, 2);
                step.call(() -> {
                    Tensor shown = q.reshape(-1).reshape(2, 2);
                    try (GradMode.Scope off = GradMode.noGrad()) {
                        shown.mul_(w);
                    }
                    shown.copy_(w);
                    return null;
                });
                trace.tensor("q", q);
            }
        });
    }

    /** When the view escapes nobody has asked for the sum yet, whose gradient goes through the same view. */
    @Test
    void aViewOfALeafThatEscapesFirstIsTheOneThatOthersUse() {
        bailsOut((step, trace) -> {
            Tensor w = leaf(1, 1, 17);
            Tensor x = TrainingCase.normal(2, 3);
            for (int i = 0; i < STEPS; i++) {
                List<Tensor> y = step.call(() -> {
                    Tensor view = w.reshape(-1);
                    Tensor sum = w.add(view);
                    x.sum().item();
                    return List.of(view.mul(0.25), sum);
                });
                Tensor loss = y.get(0).square().sum().add(y.get(1).square().sum());
                loss.add(w.sin().sum()).backward();
                trace.leaves(w);
            }
        });
    }
}

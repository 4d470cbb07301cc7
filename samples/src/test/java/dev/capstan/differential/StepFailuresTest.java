// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static dev.capstan.differential.TrainingCase.STEPS;
import static dev.capstan.differential.TrainingCase.bailsOut;
import static dev.capstan.differential.TrainingCase.descend;
import static dev.capstan.differential.TrainingCase.forget;
import static dev.capstan.differential.TrainingCase.hits;
import static dev.capstan.differential.TrainingCase.isInterrupted;
import static dev.capstan.differential.TrainingCase.isLeft;
import static dev.capstan.differential.TrainingCase.isServed;
import static dev.capstan.differential.TrainingCase.leaf;
import static dev.capstan.differential.TrainingCase.normal;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Compiled;
import dev.capstan.GradMode;
import dev.capstan.Tensor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Steps in which something is thrown: the state afterwards is what eager mode leaves. */
@Tag("everywhere")
final class StepFailuresTest {
    private static final class Wanted extends RuntimeException {
        private static final long serialVersionUID = 1;

        Wanted() {
            super("wanted");
        }
    }

    @Test
    void thrownBetweenPassAndUpdate() {
        Compiled compared = isLeft("Wanted", (step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < 2 * STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                boolean fails = i % 3 == 1;
                trace.error(() -> step.call(() -> {
                    forget(w);
                    x.mm(w).tanh().sum().backward();
                    if (fails) {
                        throw new Wanted();
                    }
                    descend(0.1, w);
                    return null;
                }));
                trace.leaves(w);
            }
        });
        assertTrue(hits(compared) > STEPS, compared::explain);
    }

    @Test
    void thrownAfterHalfOfTheUpdates() {
        Compiled compared = isLeft("Wanted", (step, trace) -> {
            Tensor a = leaf(1, 4, 3);
            Tensor b = leaf(2, 3, 2);
            for (int i = 0; i < 2 * STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                boolean fails = i % 3 == 1;
                trace.error(() -> step.call(() -> {
                    forget(a, b);
                    x.mm(a).tanh().mm(b).sum().backward();
                    descend(0.1, a);
                    if (fails) {
                        throw new Wanted();
                    }
                    descend(0.1, b);
                    return null;
                }));
                trace.leaves(a, b);
            }
        });
        assertTrue(hits(compared) > STEPS, compared::explain);
    }

    @Test
    void thrownAndCaughtInside() {
        isServed((step, trace) -> {
            Tensor a = leaf(1, 4, 3);
            Tensor b = leaf(2, 3, 2);
            for (int i = 0; i < 2 * STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                boolean fails = i % 3 == 1;
                Tensor y = step.call(() -> {
                    forget(a, b);
                    try {
                        x.mm(a).tanh().mm(b).sum().backward();
                        descend(0.1, a);
                        if (fails) {
                            throw new Wanted();
                        }
                        descend(0.1, b);
                    } catch (Wanted e) {
                        b.grad().mul_(2);
                    }
                    return b.detach().mul(3);
                });
                trace.tensor("y", y);
                trace.leaves(a, b);
            }
        });
    }

    @Test
    void operandsThatDoNotFitInMidUpdate() {
        isLeft("CapstanException", (step, trace) -> {
            Tensor a = leaf(1, 4, 3);
            Tensor b = leaf(2, 3, 2);
            Tensor wrong = normal(3, 7, 2);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                trace.error(() -> step.call(() -> {
                    forget(a, b);
                    x.mm(a).tanh().mm(b).sum().backward();
                    descend(0.1, a);
                    try (GradMode.Scope off = GradMode.noGrad()) {
                        b.sub_(wrong);
                    }
                    return null;
                }));
                trace.leaves(a, b);
            }
        });
    }

    @Test
    void refusedWritesChangeNothing() {
        isLeft("CapstanException", (step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Tensor whole = normal(2, 3).expand(4, 3);
            Tensor counts = Tensor.of(new long[] {1, 2, 3});
            for (int i = 0; i < STEPS; i++) {
                trace.error(() -> step.call(() -> w.mul(2).sum().add(w.mul_(2).sum())));
                trace.error(() -> step.call(() -> w.select(0, 0).mul_(2).sum()));
                trace.error(() -> step.call(() -> w.narrow(0, 0, 2).copy_(normal(3, 2, 3))));
                trace.error(() -> step.call(() -> whole.add_(1)));
                trace.error(() -> step.call(() -> counts.add_(0.5)));
                trace.error(() -> step.call(() -> normal(4, 3).mul(2).add_(w)));
                trace.error(() -> step.call(() -> counts.mul(2).copy_(Tensor.of(new float[] {1.7f, -2.2f, 3}))));

                trace.leaves(w, counts);
            }
        });
    }

    @Test
    void aTensorThatCannotBeSavedIsRefusedWhereAnotherWasTaken() {
        Compiled compared = isLeft("CapstanException", (step, trace) -> {
            Tensor w = leaf(1, 3, 3);
            Tensor b = leaf(2, 3);
            for (int i = 0; i < 2 * STEPS; i++) {
                Tensor x;
                try (GradMode.Scope mode = i % 3 == 1 ? GradMode.inferenceMode() : GradMode.enableGrad()) {
                    x = normal(10 + i, 3, 3).mul(2);
                }
                trace.error(() -> step.call(() -> {
                    x.mul(w).sum().backward();
                    return null;
                }));
                trace.error(() -> step.call(() -> {
                    b.addmm(x, w).sum().backward();
                    return null;
                }));
                trace.leaves(w, b);
            }
        });
        assertTrue(hits(compared) > STEPS, compared::explain);
    }

    @Test
    void passesThatEagerModeRefuses() {
        isLeft("CapstanException", (step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Tensor x = normal(2, 3);
            for (int i = 0; i < STEPS; i++) {
                trace.error(() -> step.call(() -> {
                    w.mul(2).backward();
                    return null;
                }));
                trace.error(() -> step.call(() -> {
                    x.mul(2).sum().backward();
                    return null;
                }));
                trace.error(() -> step.call(() -> {
                    w.mul(2).backward(x);
                    return null;
                }));
                trace.error(() -> step.call(() -> {
                    w.mul(x).sum().detach().backward();
                    return null;
                }));
                trace.error(() -> step.call(() -> {
                    Tensor loss = w.mul(x).sum();
                    x.add_(1);
                    loss.backward();
                    return null;
                }));
                trace.error(() -> step.call(() -> {
                    Tensor loss = w.mul(w).sum();
                    loss.backward(null, true);
                    descend(0.1, w);
                    loss.backward();
                    return null;
                }));
                trace.leaves(w, x);
            }
        });
    }

    @Test
    void aRefusedPassLeavesTheGradientsOfWhatItHasMet() {
        for (boolean changed : new boolean[] {false, true}) {
            isInterrupted((step, trace) -> {
                Tensor p = leaf(1, 2, 2);
                Tensor q = leaf(2, 2, 2);
                Tensor x = normal(3, 2, 2);
                for (int i = 0; i < STEPS; i++) {
                    trace.error(() -> step.call(() -> {
                        Tensor freed = x.sub(p.amax(true, 0));
                        Tensor y = q.mul(freed);
                        // from the second call on this writes to a gradient
                        freed.tanh().sum().backward();
                        if (changed) {
                            try (GradMode.Scope off = GradMode.noGrad()) {
                                q.narrow(0, 0, 1).copy_(x.select(0, 1));
                            }
                        }
                        y.tanh().sum().backward();
                        return y;
                    }));
                    trace.leaves(p, q);
                }
            });
        }
    }

    @Test
    void aStepAfterAFailedOneIsServed() {
        bailsOut((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < 2 * STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                boolean fails = i == 4;
                trace.error(() -> step.call(() -> {
                    forget(w);
                    Tensor loss = x.mm(w).tanh().sum();
                    if (loss.item() > 1e9 || fails) {
                        throw new Wanted();
                    }
                    loss.backward();
                    descend(0.1, w);
                    return null;
                }));
                trace.leaves(w);
            }
        });
    }
}

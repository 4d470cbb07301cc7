// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static dev.capstan.differential.TrainingCase.STEPS;
import static dev.capstan.differential.TrainingCase.bailsOut;
import static dev.capstan.differential.TrainingCase.compare;
import static dev.capstan.differential.TrainingCase.descend;
import static dev.capstan.differential.TrainingCase.differentiateTwice;
import static dev.capstan.differential.TrainingCase.forget;
import static dev.capstan.differential.TrainingCase.isTaped;
import static dev.capstan.differential.TrainingCase.leaf;
import static dev.capstan.differential.TrainingCase.normal;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Autograd;
import dev.capstan.Compiled;
import dev.capstan.F;
import dev.capstan.Tensor;
import dev.capstan.optim.Adam;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Steps that make the tape while they queue operators, because a pass inside of them needs it. */
@Tag("everywhere")
final class StepTapesTest {
    private static final String FUNCTION = "a function with a gradient rule of its own is differentiated";
    private static final String GRADIENTS = "gradients are asked for as a function";
    private static final String HOOK = "a backward pass goes on behind the region, or meets a hook";

    @Test
    void aFunctionIsPartOfTheStepsProgram() {
        isTaped(FUNCTION, (step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Tensor b = leaf(2, 3);
            Adam adam = new Adam(List.of(w, b)).lr(0.05);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                trace.tensor("loss", step.call(() -> {
                    Tensor h = F.linear(x, w.t(), b);
                    Tensor squashed = new RandomFunctions.Squash().applyAll(h).get(0);
                    Tensor loss = new RandomFunctions.Product()
                            .apply(squashed, h.tanh())
                            .square()
                            .mean();
                    adam.zeroGrad();
                    loss.backward();
                    adam.step();
                    return loss;
                }));
                trace.leaves(w, b);
            }
        });
    }

    @Test
    void aFunctionOverArraysIsReadAndTheRestIsQueued() {
        bailsOut((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(w);
                    new RandomFunctions.ArrayTanh().apply(x.mm(w)).exp().sum().backward();
                    descend(0.1, w);
                    return null;
                });
                trace.leaves(w);
            }
        });
    }

    @Test
    void aFunctionThatWritesToItsInput() {
        bailsOut((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(w);
                    Tensor h = x.mm(w);
                    Tensor view = h.select(1, 0);
                    Tensor before = h.exp();
                    new RandomFunctions.Doubled().apply(h);
                    view.mul(h.sum()).add(before.sum()).sum().backward();
                    descend(0.1, w);
                    return null;
                });
                trace.leaves(w);
            }
        });
    }

    @Test
    void secondAndThirdDerivativesOfAFunction() {
        isTaped(GRADIENTS, (step, trace) -> {
            Tensor w = leaf(1, 4);
            for (int i = 0; i < STEPS; i++) {
                trace.tensor("slope", step.call(() -> {
                    forget(w);
                    Tensor y = new RandomFunctions.Product().apply(w.tanh(), w.exp());
                    Tensor first =
                            Autograd.grad(y.sum(), List.of(w), null, true, true).get(0);
                    Tensor second = differentiateTwice(first.mul(w), w);
                    descend(0.01, w);
                    return second.detach();
                }));
                trace.leaves(w);
            }
        });
    }

    @Test
    void aRecordedPassLeavesGradientsThatCanBeDifferentiated() {
        isTaped("a backward pass is recorded", (step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(w);
                    x.mm(w).tanh().sum().backward(null, true, true);
                    Tensor slope = w.grad();
                    forget(w);
                    slope.square().sum().backward();
                    descend(0.1, w);
                    return null;
                });
                trace.leaves(w);
            }
        });
    }

    @Test
    void hooksOfLeavesAndResultsAreQueued() {
        isTaped(HOOK, (step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            int[] calls = new int[1];
            w.registerHook(gradient -> {
                calls[0]++;
                return gradient.clamp(-0.5, 0.5);
            });
            w.registerPostAccumulateGradHook(leaf -> leaf.grad().mul_(2));
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                List<Tensor> kept = step.call(() -> {
                    forget(w);
                    Tensor h = x.mm(w);
                    Tensor loss = h.tanh().sum();
                    loss.backward();
                    descend(0.1, w);
                    return List.of(loss);
                });
                trace.tensor("loss", kept.get(0));
                trace.leaves(w);
            }
            trace.text("hook ran " + calls[0]);
        });
    }

    @Test
    void aHookThatReadsItsGradientInterrupts() {
        bailsOut((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            w.registerHook(gradient -> {
                trace.tensor("hooked", gradient);
                return null;
            });
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(w);
                    Tensor h = x.mm(w);
                    h.retainGrad();
                    h.tanh().sum().backward();
                    trace.tensor("retained", h.grad());
                    descend(0.1, w);
                    return null;
                });
                trace.leaves(w);
            }
        });
    }

    @Test
    void aHookDoesNotSeeAPassThatWasQueuedBeforeIt() {
        compare((step, trace) -> {
            Tensor w = leaf(1, 2, 2);
            Tensor state = normal(2, 2, 2);
            Tensor turned = state.t();
            for (int i = 0; i < STEPS; i++) {
                Tensor[] field = new Tensor[1];
                step.call(() -> {
                    forget(w);
                    field[0] = state.add(turned).mul(w.detach());
                    w.tanh().sum().backward();
                    w.registerHook(gradient -> {
                        trace.tensor("hooked", gradient);
                        return null;
                    });
                    // what is not returned is made again before this, with all that was queued beside it
                    state.mul_(0.5);
                    return null;
                });
                trace.tensor("field", field[0]);
                trace.leaves(w, state);
            }
        });
    }

    @Test
    void severalLossesInOnePass() {
        isTaped("several tensors are differentiated at once", (step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    Tensor h = x.mm(w).tanh();
                    Autograd.backward(
                            List.of(h.sum(), h.square().mean(), w.abs().sum()));
                    descend(0.1, w);
                    return null;
                });
                trace.leaves(w);
            }
        });
    }

    @Test
    void whatIsSavedIsThereAfterTheStep() {
        isTaped("it changes tensors from outside, and a result is still on the tape", (step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            Tensor v = leaf(2, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                List<Tensor> losses = step.call(() -> {
                    forget(w, v);
                    x.mm(w).tanh().sum().backward();
                    descend(0.1, w);
                    return List.of(
                            x.mm(v).sigmoid().exp().sum(), x.mm(w).sigmoid().sum());
                });
                losses.get(0).backward(null, true);
                losses.get(1).backward();
                losses.get(0).backward();
                trace.error(() -> losses.get(0).backward());
                trace.leaves(w, v);
            }
        });
    }

    @Test
    void whatAQueuedWriteHasChangedIsRefused() {
        compare((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                Tensor[] made = new Tensor[2];
                step.call(() -> {
                    Tensor h = x.mm(w);
                    made[0] = new RandomFunctions.Product().apply(h, h).sum();
                    made[1] = h.exp().add(w.t().sum()).mul(h.detach()).sum();
                    trace.error(() -> made[0].backward(null, true));
                    h.detach().mul_(2);
                    trace.error(() -> made[0].backward());
                    trace.error(() -> made[1].backward(null, true));
                    descend(0.1, w);
                    return null;
                });
                trace.error(() -> made[1].backward());
                trace.leaves(w);
            }
        });
    }

    @Test
    void valuesKeptInFieldsAreOutputs() {
        List<Tensor> fields = new ArrayList<>();
        Compiled step = compare((region, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                region.call(() -> {
                    forget(w);
                    fields.clear();
                    Tensor h = x.mm(w);
                    Tensor y = new RandomFunctions.Product().apply(h, h.tanh());
                    fields.addAll(List.of(h, y, y.detach(), h.select(0, 1)));
                    y.sum().backward();
                    descend(0.1, w);
                    return null;
                });
                fields.forEach(field -> trace.tensor("field", field));
                trace.leaves(w);
            }
        });
        assertTrue(step.report().stream().anyMatch(path -> path.hits() > STEPS), step::explain);
    }
}

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

import dev.capstan.Compile;
import dev.capstan.Compiled;
import dev.capstan.GradMode;
import dev.capstan.RemovableHandle;
import dev.capstan.Tensor;
import dev.capstan.nn.Module;
import dev.capstan.nn.Parameter;
import dev.capstan.optim.Adam;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Steps in steps, with compiled modules, with hooks, in other gradient modes. */
@Tag("everywhere")
final class StepNestingTest {
    /** A layer that is a region of its own. */
    @Compile(threshold = 1)
    private static final class Layer extends Module<Tensor, Tensor> {
        final Parameter weight;

        Layer(long seed, int in, int out) {
            weight = new Parameter(normal(seed, in, out));
        }

        @Override
        protected Tensor forward(Tensor x) {
            return x.mm(weight).tanh();
        }
    }

    @Test
    void compiledModulesInAStep() {
        isServed((step, trace) -> {
            Layer first = new Layer(1, 4, 3);
            Layer second = new Layer(2, 3, 2);
            Adam adam = new Adam(List.of(first.weight, second.weight)).lr(0.05);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                Tensor loss = step.call(() -> {
                    adam.zeroGrad();
                    Tensor sum = second.apply(first.apply(x)).square().sum();
                    sum.backward();
                    adam.step();
                    return sum;
                });
                trace.tensor("loss", loss);
                trace.leaves(first.weight, second.weight);
                trace.tensor("inference", second.apply(first.apply(x)).detach());
            }
        });
    }

    @Test
    void aStepInAStep() {
        Compiled inner = Compiled.region("inner", 1);
        isServed((step, trace) -> {
            Tensor a = leaf(1, 4, 3);
            Tensor b = leaf(2, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                step.call(() -> {
                    forget(a, b);
                    inner.call(() -> {
                        x.mm(a).tanh().sum().backward();
                        descend(0.1, a);
                        return a;
                    });
                    x.mm(a).mul(x.mm(b)).sum().backward();
                    descend(0.1, b);
                    return null;
                });
                trace.leaves(a, b);
            }
        });
    }

    @Test
    void recursion() {
        isServed((step, trace) -> {
            Tensor w = leaf(1, 3, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 2, 3);
                int depth = i % 3;
                trace.tensor("y", descended(step, w, x, depth));
                trace.leaves(w);
            }
        });
    }

    private static Tensor descended(Compiled step, Tensor w, Tensor x, int depth) {
        return step.call(() -> {
            Tensor y = depth == 0 ? x : descended(step, w, x, depth - 1);
            forget(w);
            y.mm(w).tanh().sum().backward();
            descend(0.1, w);
            try (GradMode.Scope off = GradMode.noGrad()) {
                return y.mm(w);
            }
        });
    }

    @Test
    void hooksOnLeavesInAStep() {
        bailsOut((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            int[] seen = new int[1];
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                boolean inside = i % 2 == 1;
                RemovableHandle before = inside
                        ? null
                        : w.registerHook(gradient -> {
                            seen[0]++;
                            return gradient.mul(2);
                        });
                RemovableHandle[] handle = {before};
                step.call(() -> {
                    forget(w);
                    Tensor loss = x.mm(w).tanh().sum();
                    if (inside) {
                        handle[0] = w.registerHook(gradient -> gradient.clamp(-0.1, 0.1));
                    }
                    loss.backward();
                    handle[0].remove();
                    x.mm(w).square().sum().backward();
                    descend(0.1, w);
                    return null;
                });
                trace.leaves(w);
            }
            trace.text("hooks ran " + seen[0]);
        });
    }

    @Test
    void gradientsOfIntermediateValuesAreRetained() {
        compare((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                Tensor kept = step.call(() -> {
                    forget(w);
                    Tensor h = x.mm(w).tanh();
                    h.retainGrad();
                    h.square().sum().backward();
                    descend(0.1, w);
                    return h.grad().mul(2);
                });
                trace.tensor("retained", kept);
                trace.leaves(w);
            }
        });
    }

    @Test
    void theGradientModeIsPartOfThePath() {
        compare((step, trace) -> {
            Tensor w = leaf(1, 4, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                forget(w);
                try (GradMode.Scope mode = i % 2 == 0 ? GradMode.noGrad() : GradMode.enableGrad()) {
                    Tensor y = step.call(() -> {
                        Tensor h = x.mm(w).tanh();
                        try (GradMode.Scope on = GradMode.enableGrad()) {
                            x.mm(w).sigmoid().sum().backward();
                        }
                        w.detach().mul_(0.9);
                        return h.sum();
                    });
                    trace.tensor("y", y);
                    trace.error(y::backward);
                }
                trace.leaves(w);
            }
        });
    }
}

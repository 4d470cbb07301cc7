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
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Compiled;
import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.Tensor;
import dev.capstan.nn.Dropout;
import dev.capstan.nn.Linear;
import dev.capstan.nn.ReLU;
import dev.capstan.nn.Sequential;
import dev.capstan.optim.Adam;
import dev.capstan.runtime.spi.PathReport;
import dev.capstan.runtime.type.DType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Random numbers in regions: the stream of eager mode, however often a region computes something again. */
@Tag("everywhere")
final class StepRandomTest {
    private static void position(TrainingCase.Trace trace) {
        trace.text("stream at " + Generator.standard().state());
    }

    @Test
    void trainingWithDropout() {
        isServed((step, trace) -> {
            Generator.manualSeed(3);
            Sequential model = new Sequential(new Linear(4, 16), new ReLU(), new Dropout(0.25), new Linear(16, 2));
            Adam adam = new Adam(model.parameters()).lr(0.01);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                Tensor loss = step.call(() -> {
                    Tensor made = model.apply(x).square().mean();
                    adam.zeroGrad();
                    made.backward();
                    adam.step();
                    return made;
                });
                trace.tensor("loss", loss);
                trace.leaves(model.parameters().toArray(new Tensor[0]));
                position(trace);
            }
        });
    }

    @Test
    void trainingAndEvaluationAreTwoPaths() {
        Compiled step = compare((region, trace) -> {
            Generator.manualSeed(3);
            Sequential model = new Sequential(new Linear(4, 8), new Dropout(0.5), new Linear(8, 2));
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 5, 4);
                model.train(i % 2 == 0);
                Tensor y = region.call(() -> model.apply(x));
                y.sum().backward();
                trace.tensor("y", y);
                trace.leaves(model.parameters().toArray(new Tensor[0]));
                position(trace);
            }
        });
        assertEquals(2, step.report().size(), step::explain);
        for (PathReport path : step.report()) {
            assertTrue(path.hits() >= STEPS, step::explain);
        }
    }

    @Test
    void allKindsOfDraws() {
        isServed((step, trace) -> {
            Generator.manualSeed(4);
            Tensor p = Tensor.of(new float[] {0.1f, 0.5f, 0.9f});
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 2, 3);
                Tensor y = step.call(() -> x.add(x.randnLike())
                        .mul(Tensor.rand(2, 1))
                        .add(Tensor.randn(3))
                        .sub(x.randLike())
                        .mul(p.bernoulli())
                        .add(Generator.standard().integers(0, 5, 3)));
                trace.tensor("y", y);
                position(trace);
            }
        });
    }

    @Test
    void probabilitiesThatAreQueuedAreReadFirst() {
        bailsOut((step, trace) -> {
            Generator.manualSeed(4);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 20);
                trace.tensor("y", step.call(() -> x.mul(x.sigmoid().bernoulli()).exp()));
                position(trace);
            }
        });
    }

    @Test
    void readsInMidRegionDrawNothingAgain() {
        bailsOut((step, trace) -> {
            Generator.manualSeed(5);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = leaf(10 + i, 4, 4);
                Tensor y = step.call(() -> {
                    Tensor h = F.dropout(x.exp(), 0.5, true);
                    boolean large = h.sum().item() > 8;
                    Tensor g = F.dropout(h, large ? 0.25 : 0.75, true);
                    return g.mul(h).tanh();
                });
                y.sum().backward();
                trace.tensor("y", y);
                trace.leaves(x);
                position(trace);
            }
        });
    }

    @Test
    void escapedValuesAreComputedFromTheSameNumbers() {
        compare((step, trace) -> {
            Generator.manualSeed(6);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = leaf(10 + i, 4, 4);
                Tensor[] escaped = new Tensor[2];
                Tensor y = step.call(() -> {
                    escaped[0] = F.dropout(x.exp(), 0.5, true);
                    escaped[1] = x.randLike();
                    return escaped[0].mul(escaped[1]).sum();
                });
                y.backward();
                trace.tensor("dropped", escaped[0]);
                trace.tensor("drawn", escaped[1]);
                trace.tensor("y", y);
                trace.leaves(x);
                position(trace);
            }
        });
    }

    @Test
    void secondDerivativesComeFromTheSameNumbers() {
        compare((step, trace) -> {
            Generator.manualSeed(7);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = leaf(10 + i, 4, 4);
                Tensor y = step.call(() -> F.dropout(x.exp(), 0.5, true).square());
                trace.tensor("slope", differentiateTwice(y, x));
                trace.leaves(x);
                position(trace);
            }
        });
    }

    @Test
    void exceptionsLeaveTheStreamWhereItIs() {
        Compiled step = compare((region, trace) -> {
            Generator.manualSeed(8);
            Tensor w = leaf(1, 4, 4);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 4, 4);
                boolean fails = i % 3 == 1;
                trace.error(() -> region.call(() -> {
                    forget(w);
                    Tensor loss = F.dropout(x.mm(w), 0.5, true).sum();
                    loss.backward();
                    descend(0.1, w);
                    if (fails) {
                        F.dropout(x, 0.5, true);
                        throw new IllegalStateException("thrown");
                    }
                    return loss.detach();
                }));
                trace.leaves(w);
                position(trace);
            }
        });
        assertTrue(step.report().stream().mapToLong(PathReport::hits).sum() > 0, step::explain);
    }

    @Test
    void aShadowCheckDrawsNothing() {
        Compiled step = compare((region, trace) -> {
            region.shadow(1);
            Generator.manualSeed(9);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = normal(10 + i, 4, 4);
                trace.tensor("y", region.call(() -> F.dropout(x.exp(), 0.5, true)));
                position(trace);
            }
        });
        assertTrue(step.report().stream().mapToLong(PathReport::hits).sum() > 0, step::explain);
    }

    @Test
    void float64() {
        isServed((step, trace) -> {
            Generator.manualSeed(10);
            for (int i = 0; i < STEPS; i++) {
                Tensor x = new Generator(i).normal(DType.FLOAT64, 7).requiresGrad(true);
                Tensor y = step.call(() -> F.dropout(x, 0.3, true).mul(x));
                y.sum().backward();
                trace.tensor("y", y);
                trace.leaves(x);
            }
        });
    }
}

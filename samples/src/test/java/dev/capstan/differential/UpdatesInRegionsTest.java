// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static dev.capstan.differential.TrainingCase.STEPS;
import static dev.capstan.differential.TrainingCase.compare;
import static dev.capstan.differential.TrainingCase.isInterrupted;
import static dev.capstan.differential.TrainingCase.isServed;
import static dev.capstan.differential.TrainingCase.normal;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.capstan.GradMode;
import dev.capstan.Tensor;
import dev.capstan.Update;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Updates that follow the same events in every call, while something about them differs that is no event. */
@Tag("everywhere")
final class UpdatesInRegionsTest {
    private final Update descent =
            Update.of(DType.FLOAT32, 2, 1, o -> List.of(o.get(0).sub(o.get(1).mul(o.get(2)))));
    private final Update ascent =
            Update.of(DType.FLOAT32, 2, 1, o -> List.of(o.get(0).add(o.get(1).mul(o.get(2)))));
    private final Update exchange = Update.of(DType.FLOAT32, 2, 0, o -> List.of(o.get(1), o.get(0)));

    @Test
    void sometimesAnotherUpdateOfTheSameTensors() {
        isServed((step, trace) -> {
            Tensor a = normal(1, 3, 3);
            for (int i = 0; i < STEPS; i++) {
                Update update = i % 3 == 1 ? ascent : descent;
                Tensor b = normal(10 + i, 3, 3);
                step.call(() -> {
                    update.run(List.of(a, b), Update.numbers(0.1));
                    update.run(List.of(a, b), Update.numbers(0.1));
                    return null;
                });
                trace.leaves(a, b);
            }
        });
    }

    @Test
    void sometimesTheOperandsChangePlaces() {
        isServed((step, trace) -> {
            Tensor a = normal(1, 3, 3);
            Tensor b = normal(2, 3, 3);
            for (int i = 0; i < STEPS; i++) {
                List<Tensor> second = i % 3 == 1 ? List.of(b, a) : List.of(a, b);
                step.call(() -> {
                    exchange.run(List.of(a, b), List.of());
                    descent.run(second, Update.numbers(0.1));
                    return null;
                });
                trace.leaves(a, b);
            }
        });
    }

    @Test
    void sometimesATensorThatCountsItsWritesItself() {
        isServed((step, trace) -> {
            Tensor a = normal(1, 3, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor b = normal(10 + i, 3, 3);
                Tensor target = i % 3 == 2 ? a.data() : a;
                step.call(() -> {
                    descent.run(List.of(target, b), Update.numbers(0.1));
                    return null;
                });
                trace.leaves(a, b, target);
            }
        });
    }

    @Test
    void anInferenceTensorIsRefusedWhereAnotherWasTaken() {
        compare((step, trace) -> {
            Tensor plain = normal(1, 3, 3);
            for (int i = 0; i < STEPS; i++) {
                Tensor b = normal(10 + i, 3, 3);
                step.call(() -> {
                    descent.run(List.of(plain, b), Update.numbers(0.1));
                    return null;
                });
                Tensor inference = inference(20 + i);
                assertThrows(
                        CapstanException.class,
                        () -> step.call(() -> {
                            descent.run(List.of(inference, b), Update.numbers(0.1));
                            return null;
                        }));
                trace.leaves(plain, b, inference);
            }
        });
    }

    private static Tensor inference(long seed) {
        try (GradMode.Scope scope = GradMode.inferenceMode()) {
            return normal(seed, 3, 3).add(0);
        }
    }

    @Test
    void aTargetThatSometimesLiesOnAnotherTensor() {
        isInterrupted((step, trace) -> {
            for (int i = 0; i < STEPS; i++) {
                Tensor whole = normal(i, 8);
                Tensor left = whole.narrow(0, 0, 4);
                Tensor right = whole.narrow(0, i % 2, 4);
                Tensor[] twice = new Tensor[1];
                step.call(() -> {
                    twice[0] = left.mul(2);
                    descent.run(List.of(right, twice[0]), Update.numbers(0.1));
                    return null;
                });
                trace.leaves(whole, left, right);
            }
        });
    }
}

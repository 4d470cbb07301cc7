// SPDX-License-Identifier: Apache-2.0
package dev.capstan.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Rates as the documentation of PyTorch's schedulers gives them. */
class LRSchedulerTest {
    private final SGD sgd = new SGD(List.of(Tensor.of(new double[] {0}).requiresGrad(true))).lr(0.05);

    /** The optimizer's rates before each of the first steps. */
    private double[] rates(LRScheduler schedule, int steps) {
        double[] rates = new double[steps];
        for (int i = 0; i < steps; i++) {
            assertEquals(sgd.lr(), schedule.lastLr());
            rates[i] = sgd.lr();
            schedule.step();
        }
        return rates;
    }

    private static void assertRates(double[] actual, double... expected) {
        assertArrayEquals(expected, actual, 1e-15);
    }

    @Test
    void stepsOfEqualLength() {
        assertRates(rates(new StepLR(sgd, 3, 0.1), 7), 0.05, 0.05, 0.05, 0.005, 0.005, 0.005, 0.0005);
    }

    @Test
    void stepsAtMilestones() {
        assertRates(rates(new MultiStepLR(sgd, 0.1, 2, 5), 7), 0.05, 0.05, 0.005, 0.005, 0.005, 0.0005, 0.0005);
        assertRates(rates(new MultiStepLR(sgd, 0.5, 1, 1), 3), 0.05, 0.0125, 0.0125);
    }

    @Test
    void exponentialDecay() {
        assertRates(rates(new ExponentialLR(sgd, 0.5), 4), 0.05, 0.025, 0.0125, 0.00625);
    }

    @Test
    void aShareForAWhile() {
        assertRates(rates(new ConstantLR(sgd, 0.5, 4), 6), 0.025, 0.025, 0.025, 0.025, 0.05, 0.05);
    }

    @Test
    void linearWarmUp() {
        assertRates(rates(new LinearLR(sgd, 0.5, 1, 4), 6), 0.025, 0.03125, 0.0375, 0.04375, 0.05, 0.05);
    }

    @Test
    void halfACosine() {
        double[] rates = rates(new CosineAnnealingLR(sgd, 4, 0.01), 9);
        double quarter = 0.04 * (1 + Math.sqrt(0.5)) / 2;
        assertRates(
                rates, 0.05, 0.01 + quarter, 0.03, 0.05 - quarter, 0.01, 0.05 - quarter, 0.03, 0.01 + quarter, 0.05);
    }

    @Test
    void anyFunction() {
        assertRates(rates(new LambdaLR(sgd, n -> 1.0 / (n + 1)), 3), 0.05, 0.025, 0.05 / 3);
    }

    @Test
    void oneScheduleAfterAnother() {
        SequentialLR schedule =
                new SequentialLR(sgd, List.of(new ConstantLR(sgd, 0.1, 20), new ExponentialLR(sgd, 0.9)), 3);
        assertRates(rates(schedule, 6), 0.005, 0.005, 0.005, 0.05, 0.045, 0.0405);
    }

    @Test
    void theNextStepUsesTheRate() {
        Tensor p = Tensor.of(new double[] {1}).requiresGrad(true);
        SGD descent = new SGD(List.of(p)).lr(0.5);
        StepLR schedule = new StepLR(descent, 1, 0.5);
        for (int i = 0; i < 2; i++) {
            p.setGrad(Tensor.of(new double[] {1}));
            descent.step();
            schedule.step();
        }
        assertArrayEquals(new double[] {0.25}, p.toDoubleArray());
    }

    @Test
    void aRefusedRateChangesNothing() {
        assertRefused("gamma is not a finite number", () -> new ExponentialLR(sgd, -1));
        assertRefused("lr is not a finite number", () -> new LambdaLR(sgd, n -> -1));
        LambdaLR falling = new LambdaLR(sgd.lr(0.2), n -> 1 - n);
        falling.step();
        assertRefused("lr is not a finite number", falling::step);
        assertEquals(0, falling.lastLr());
        assertEquals(0, sgd.lr());
        assertRates(rates(new ConstantLR(sgd, 0.5, 1), 2), 0.1, 0.2);
    }

    @Test
    void eachRateIsWorkedOutOnce() {
        int[] calls = {0};
        LambdaLR counting = new LambdaLR(sgd, n -> 1.0 / ++calls[0]);
        counting.step();
        assertEquals(0.025, counting.lastLr());
        assertEquals(0.025, counting.lastLr());
        assertEquals(2, calls[0]);
    }

    @Test
    void whatIsNoScheduleIsRefused() {
        SGD other = new SGD(List.of(Tensor.of(new double[] {0}).requiresGrad(true)));
        LRScheduler half = new ExponentialLR(sgd, 0.5);
        assertRefused("stepSize is not from 1 on: 0", () -> new StepLR(sgd, 0, 0.1));
        assertRefused("gamma is not a finite number from 0 on: -1.0", () -> new StepLR(sgd, 1, -1));
        assertRefused(
                "one milestone less than schedules: 0 milestones, 2 schedules",
                () -> new SequentialLR(sgd, List.of(half, half)));
        assertRefused("milestones do not ascend from 1 on: [0]", () -> new SequentialLR(sgd, List.of(half, half), 0));
        assertRefused("schedules of different optimizers", () -> new SequentialLR(other, List.of(half)));
        assertEquals(0.05, sgd.lr());
    }

    private static void assertRefused(String rule, org.junit.jupiter.api.function.Executable made) {
        CapstanException refused = assertThrows(CapstanException.class, made);
        assertTrue(refused.getMessage().contains(rule), refused.getMessage());
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Tensor;
import dev.capstan.nn.Linear;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class OptimizersTest {
    private static Tensor doubles(double... elements) {
        return Tensor.of(elements).requiresGrad(true);
    }

    private static void step(Optimizer optimizer, Tensor parameter, double... gradient) {
        parameter.setGrad(Tensor.of(gradient).to(parameter.dtype()));
        optimizer.step();
    }

    // ---- SGD

    @Test
    void plainDescentSubtractsTheScaledGradient() {
        Tensor p = doubles(1, -2);
        SGD sgd = new SGD(List.of(p)).lr(0.25);
        step(sgd, p, 2, 4);
        assertArrayEquals(new double[] {0.5, -3}, p.toDoubleArray());
        step(sgd, p, -2, 0);
        assertArrayEquals(new double[] {1, -3}, p.toDoubleArray());
    }

    @Test
    void defaultRateOfDescentIsAThousandth() {
        Tensor p = doubles(1);
        step(new SGD(List.of(p)), p, 1);
        assertArrayEquals(new double[] {1 - 1e-3}, p.toDoubleArray());
    }

    @Test
    void momentumKeepsAVelocityThatStartsAsTheGradient() {
        Tensor p = doubles(1);
        SGD sgd = new SGD(List.of(p)).lr(0.5).momentum(0.75);
        step(sgd, p, 4);
        // v = 4
        assertArrayEquals(new double[] {-1}, p.toDoubleArray());
        step(sgd, p, 2);
        // v = 0.75 * 4 + 2 = 5
        assertArrayEquals(new double[] {-3.5}, p.toDoubleArray());
        step(sgd, p, 0);
        // v = 0.75 * 5 = 3.75
        assertArrayEquals(new double[] {-5.375}, p.toDoubleArray());
    }

    @Test
    void velocityRestsWhileThereIsNoGradientButNotAtAZeroOne() {
        Tensor p = doubles(0);
        SGD sgd = new SGD(List.of(p)).lr(1).momentum(0.5);
        step(sgd, p, 4);
        p.setGrad(null);
        sgd.step();
        assertArrayEquals(new double[] {-4}, p.toDoubleArray());
        sgd.zeroGrad(false);
        assertNull(p.grad());
        step(sgd, p, 0);
        assertArrayEquals(new double[] {-6}, p.toDoubleArray());
    }

    @Test
    void singlePrecisionDescentRoundsAsWrittenByHand() {
        float[] start = {0.1f, -3.3f, 1e-8f};
        float[] gradient = {0.7f, 1e9f, -2e-3f};
        Tensor p = Tensor.of(start).requiresGrad(true);
        SGD sgd = new SGD(List.of(p)).lr(0.1).momentum(0.9);
        float[] expected = start.clone();
        float[] velocity = new float[3];
        for (int step = 0; step < 3; step++) {
            p.setGrad(Tensor.of(gradient));
            sgd.step();
            for (int i = 0; i < 3; i++) {
                velocity[i] = step == 0 ? gradient[i] : velocity[i] * 0.9f + gradient[i];
                expected[i] = expected[i] + velocity[i] * -0.1f;
            }
            assertArrayEquals(expected, p.toFloatArray());
        }
    }

    /** Three steps; what PyTorch 1.13 gives for the same. */
    private static void followsPyTorch(Function<List<Tensor>, Optimizer> optimizer, double... expected) {
        Tensor p = doubles(1, -2, 0.5);
        Optimizer made = optimizer.apply(List.of(p));
        step(made, p, 2, -4, 0.5);
        step(made, p, -1, 3, 0.25);
        step(made, p, 0.5, 0, -8);
        assertArrayEquals(expected, p.toDoubleArray(), 1e-14);
    }

    @Test
    void weightsDecayThroughTheGradient() {
        followsPyTorch(p -> new SGD(p).lr(0.1).weightDecay(0.05), 0.836569875, -1.87263975, 1.2181611875);
        followsPyTorch(
                p -> new SGD(p).lr(0.1).momentum(0.9).weightDecay(0.05), 0.5733648750000001, -1.43622975, 1.1041086875);
        followsPyTorch(
                p -> new Adam(p).lr(0.1).weightDecay(0.05),
                0.8337440165750638,
                -1.8781820834226526,
                0.36474833853102684);
    }

    @Test
    void weightsDecayApart() {
        followsPyTorch(
                p -> new AdamW(p).lr(0.1).weightDecay(0.05),
                0.825528925652943,
                -1.8553545630981416,
                0.3594908726697808);
    }

    @Test
    void nesterovLooksAhead() {
        followsPyTorch(
                p -> new SGD(p).lr(0.1).momentum(0.9).nesterov(true).weightDecay(0.05),
                0.45676054762500007,
                -1.3727160952500002,
                1.7633680975625001);
        Tensor p = doubles(1);
        SGD still = new SGD(List.of(p)).nesterov(true);
        assertThrows(CapstanException.class, () -> step(still, p, 1));
        assertArrayEquals(new double[] {1}, p.toDoubleArray());
    }

    @Test
    void dampeningSparesTheFirstGradient() {
        followsPyTorch(p -> new SGD(p).lr(0.1).momentum(0.9).dampening(0.5), 0.528, -1.201, 0.74075);
    }

    // ---- Adam

    /** The formulas of Kingma and Ba, one parameter. */
    private static final class AdamByHand {
        private final double lr;
        private final double beta1;
        private final double beta2;
        private final double eps;
        private double value;
        private double first;
        private double second;
        private int steps;

        AdamByHand(double value, double lr, double beta1, double beta2, double eps) {
            this.value = value;
            this.lr = lr;
            this.beta1 = beta1;
            this.beta2 = beta2;
            this.eps = eps;
        }

        double step(double gradient) {
            steps++;
            first = beta1 * first + (1 - beta1) * gradient;
            second = beta2 * second + (1 - beta2) * gradient * gradient;
            double mean = first / (1 - Math.pow(beta1, steps));
            double variance = second / (1 - Math.pow(beta2, steps));
            value -= lr * mean / (Math.sqrt(variance) + eps);
            return value;
        }
    }

    @Test
    void adamFollowsItsFormulas() {
        double[] gradients = {3, -1, 0.5, 0, 1e-4, -20};
        Tensor p = doubles(1);
        Adam adam = new Adam(List.of(p)).lr(0.02).betas(0.8, 0.95).eps(1e-6);
        AdamByHand hand = new AdamByHand(1, 0.02, 0.8, 0.95, 1e-6);
        for (double gradient : gradients) {
            step(adam, p, gradient);
            assertEquals(hand.step(gradient), p.item(), 1e-14);
        }
    }

    @Test
    void defaultsOfAdamArePyTorchs() {
        Tensor p = doubles(1);
        Adam adam = new Adam(List.of(p));
        AdamByHand hand = new AdamByHand(1, 1e-3, 0.9, 0.999, 1e-8);
        for (double gradient : new double[] {1e-9, 2, -3}) {
            step(adam, p, gradient);
            assertEquals(hand.step(gradient), p.item(), 1e-14);
        }
    }

    @Test
    void stepsOfAdamAreCountedForEachParameter() {
        Tensor late = doubles(1);
        Tensor early = doubles(1);
        Adam adam = new Adam(List.of(early, late)).lr(0.1);
        step(adam, early, 1);
        assertArrayEquals(new double[] {1}, late.toDoubleArray());
        early.setGrad(null);
        AdamByHand hand = new AdamByHand(1, 0.1, 0.9, 0.999, 1e-8);
        for (double gradient : new double[] {2, 5}) {
            step(adam, late, gradient);
            assertEquals(hand.step(gradient), late.item(), 1e-14);
        }
    }

    @Test
    void otherDecaysOfTheMeansAreFollowedByParametersThatBeginLater() {
        Tensor late = doubles(1);
        Tensor early = doubles(1);
        Adam adam = new Adam(List.of(early, late)).lr(0.1);
        step(adam, early, 1);
        early.setGrad(null);
        AdamByHand hand = new AdamByHand(1, 0.1, 0.5, 0.9, 1e-8);
        step(adam.betas(0.5, 0.9), late, 2);
        assertEquals(hand.step(2), late.item(), 1e-14);
    }

    @Test
    void singlePrecisionAdamRoundsAsWrittenByHand() {
        float[] start = {0.1f, -3.3f, 1e-3f};
        float[] gradient = {0.7f, 1e4f, -2e-3f};
        Tensor p = Tensor.of(start).requiresGrad(true);
        Adam adam = new Adam(List.of(p)).lr(0.02);
        float[] expected = start.clone();
        float[] first = new float[3];
        float[] second = new float[3];
        for (int step = 1; step <= 4; step++) {
            p.setGrad(Tensor.of(gradient));
            adam.step();
            float size = (float) -(0.02 / (1 - Math.pow(0.9, step)));
            float root = (float) Math.sqrt(1 - Math.pow(0.999, step));
            for (int i = 0; i < 3; i++) {
                first[i] = first[i] * 0.9f + gradient[i] * (float) (1 - 0.9);
                second[i] = second[i] * 0.999f + gradient[i] * (float) (1 - 0.999) * gradient[i];
                float denominator = (float) Math.sqrt(second[i]) / root + 1e-8f;
                expected[i] += size * first[i] / denominator;
            }
            assertArrayEquals(expected, p.toFloatArray());
        }
    }

    // ---- all of them

    @Test
    void adamWShrinksParametersBesideTheStepOfAdam() {
        Tensor p = doubles(2);
        Tensor q = doubles(2);
        AdamW decaying = new AdamW(List.of(p)).lr(0.1).betas(0.8, 0.9).eps(1e-3).weightDecay(0.5);
        Adam plain = new Adam(List.of(q)).lr(0.1).betas(0.8, 0.9).eps(1e-3);
        step(decaying, p, 3);
        step(plain, q, 3);
        assertEquals(q.item() - 2 * 0.1 * 0.5, p.item(), 1e-15);
        decaying.weightDecay(0);
        double moved = p.item();
        double other = q.item();
        step(decaying, p, -1);
        step(plain, q, -1);
        assertEquals(q.item() - other, p.item() - moved, 1e-15);
    }

    @Test
    void defaultsOfAdamWArePyTorchs() {
        Tensor p = doubles(1);
        Tensor q = doubles(1);
        step(new AdamW(List.of(p)), p, 5);
        step(new AdamW(List.of(q)).lr(1e-3).betas(0.9, 0.999).eps(1e-8).weightDecay(0.01), q, 5);
        assertEquals(q.item(), p.item());
        assertThrows(CapstanException.class, () -> new AdamW(List.of(p)).weightDecay(-1));
    }

    @Test
    void rateMayChangeBetweenSteps() {
        Tensor p = doubles(1);
        SGD sgd = new SGD(List.of(p)).lr(1);
        step(sgd, p, 1);
        sgd.lr(0.5);
        step(sgd, p, 1);
        assertArrayEquals(new double[] {-0.5}, p.toDoubleArray());
    }

    @Test
    void stepsAreWritesOffTheTape() {
        Tensor p = doubles(2);
        Tensor before = p.mul(p).sum();
        int version = p.version();
        step(new SGD(List.of(p)), p, 1);
        assertTrue(p.version() > version);
        assertTrue(p.isLeaf());
        CapstanException e = assertThrows(CapstanException.class, before::backward);
        assertEquals("a tensor needed for the gradient was modified in place", e.rule());
    }

    @Test
    void parametersKeepTheirStorageAndGradients() {
        Tensor p = doubles(2);
        Object array = p.values().storage().array();
        Tensor gradient = Tensor.of(new double[] {1});
        p.setGrad(gradient);
        new Adam(List.of(p)).step();
        assertSame(array, p.values().storage().array());
        assertSame(gradient, p.grad());
        assertArrayEquals(new double[] {1}, gradient.toDoubleArray());
    }

    @Test
    void gradientsOfAnyLayoutAreFollowed() {
        Tensor p = Tensor.of(new double[] {1, 2, 3, 4}, 2, 2).requiresGrad(true);
        p.setGrad(Tensor.of(new double[] {1, 2, 3, 4}, 2, 2).t());
        new SGD(List.of(p)).lr(1).step();
        assertArrayEquals(new double[] {0, -1, 1, 0}, p.toDoubleArray());
    }

    @Test
    void zeroGradForgetsOrClears() {
        Tensor p = doubles(2);
        SGD sgd = new SGD(List.of(p));
        p.setGrad(Tensor.of(new double[] {1}));
        sgd.zeroGrad(false);
        assertArrayEquals(new double[] {0}, p.grad().toDoubleArray());
        sgd.zeroGrad();
        assertNull(p.grad());
    }

    @Test
    void convertedParametersStartAnew() {
        Linear module = new Linear(1, 1, false);
        Adam adam = new Adam(module.parameters()).lr(0.1);
        module.apply(Tensor.ones(1, 1)).sum().backward();
        adam.step();
        module.to(DType.FLOAT64);
        double before = module.weight().item();
        module.apply(Tensor.full(DType.FLOAT64, 3, 1, 1)).sum().backward();
        adam.step();
        assertEquals(
                new AdamByHand(before, 0.1, 0.9, 0.999, 1e-8).step(3),
                module.weight().item(),
                1e-14);
    }

    @Test
    void lossFallsWhenLinearRegressionIsTrained() {
        Tensor input = Tensor.of(new float[] {1, 2, 3, 4}, 4, 1);
        Tensor target = Tensor.of(new float[] {3, 5, 7, 9}, 4, 1);
        Linear module = new Linear(1, 1);
        for (Optimizer optimizer :
                List.of(new SGD(module.parameters()).lr(0.05).momentum(0.5), new Adam(module.parameters()).lr(0.01))) {
            double first = 0;
            double last = 0;
            for (int i = 0; i < 200; i++) {
                Tensor loss = dev.capstan.F.mseLoss(module.apply(input), target);
                optimizer.zeroGrad();
                loss.backward();
                optimizer.step();
                first = i == 0 ? loss.item() : first;
                last = loss.item();
            }
            assertTrue(last < 0.2 * first || last < 1e-3, first + " to " + last);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static dev.capstan.differential.TrainingCase.STEPS;
import static dev.capstan.differential.TrainingCase.isServed;
import static dev.capstan.differential.TrainingCase.leaf;
import static dev.capstan.differential.TrainingCase.normal;

import dev.capstan.Autograd;
import dev.capstan.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the gradients that a region hands to tensors outside share their storage with, as writes to them show. */
@Tag("everywhere")
final class GradientStorageTest {
    @Test
    void aGradientThatIsOneNumberForAllElementsRefusesWrites() {
        isServed((step, trace) -> {
            Tensor x = leaf(1, 3, 4);
            for (int i = 0; i < STEPS; i++) {
                Tensor y = step.call(() -> x.tanh().sum().add(x.sum()));
                Tensor z = step.call(() -> x.sum(0));
                trace.tensor("of a sum", Autograd.grad(y, List.of(x)).get(0).add_(1));
                Tensor gradient = Autograd.grad(z.sum(), List.of(x)).get(0);
                trace.error(() -> gradient.add_(1));
                trace.tensor("of one", gradient);
            }
        });
    }

    @Test
    void aGradientThatGoesOnToSeveralIsOneTensor() {
        isShared(Tensor::add);
    }

    @Test
    void aGradientThatGoesOnAsAViewSharesItsStorage() {
        isShared((x, y) -> x.transpose(0, 1).reshape(3, 4).add(y));
        isShared((x, y) -> x.reshape(2, 6).add(y.reshape(2, 6)).reshape(3, 4));
        isShared((x, y) -> x.transpose(0, 1).sub(y.transpose(0, 1)).transpose(0, 1));
    }

    @Test
    void aComputedGradientThatGoesOnToSeveralIsOneTensor() {
        isShared((x, y) -> x.add(y.reshape(4, 3).reshape(3, 4)).tanh());
        isShared((x, y) ->
                x.add(y.reshape(4, 3).reshape(3, 4)).sum(true, 1).tanh().expand(3, 4));
    }

    @Test
    void equalGradientsThatAreComputedApartAreTwoTensors() {
        isShared((x, y) -> {
            Tensor z = normal(5, 3, 4);
            return x.mul(z).add(y.mul(z));
        });
    }

    /** Writes to the gradients of both operands and to the given one, in turn, and looks at all three. */
    private static void isShared(BinaryOperator<Tensor> inside) {
        isServed((step, trace) -> {
            Tensor x = leaf(1, 3, 4);
            Tensor y = leaf(2, 3, 4);
            for (int i = 0; i < STEPS; i++) {
                Tensor result = step.call(() -> inside.apply(x, y));
                Tensor seed = normal(3, 3, 4);
                List<Tensor> all = new ArrayList<>(Autograd.grad(result, List.of(x, y), seed, false, false));
                all.add(seed);
                for (Tensor each : all) {
                    trace.error(() -> each.mul_(2));
                    all.forEach(other -> trace.tensor("gradient", other));
                    all.forEach(other -> trace.text("version " + other.version()));
                }
            }
        });
    }

    @Test
    void aLeafOwnsItsGradient() {
        isServed((step, trace) -> {
            Tensor x = leaf(1, 3, 4);
            Tensor y = leaf(2, 3, 4);
            for (int i = 0; i < STEPS; i++) {
                x.setGrad(null);
                Tensor result = step.call(() -> x.add(y.transpose(0, 1).transpose(0, 1)));
                Tensor seed = normal(3, 3, 4);
                result.backward(seed);
                x.grad().mul_(3);
                trace.leaves(x, y);
                trace.tensor("seed", seed);
            }
        });
    }

    @Test
    void aLeafDoesNotOwnWhatItsHookHasSeen() {
        isServed((step, trace) -> {
            Tensor x = leaf(1, 3, 4);
            List<Tensor> seen = new ArrayList<>();
            x.registerHook(gradient -> {
                seen.add(gradient);
                return null;
            });
            for (int i = 0; i < STEPS; i++) {
                x.setGrad(null);
                step.call(() -> x.tanh().sum()).backward();
                x.grad().zero_();
                step.call(() -> x.sum()).backward();
                seen.forEach(gradient -> trace.error(() -> gradient.mul_(2)));
                seen.forEach(gradient -> trace.tensor("seen", gradient));
                trace.leaves(x);
            }
        });
    }

    @Test
    void aHookSeesWhatGoesOn() {
        isWritten(x -> x);
    }

    @Test
    void aGradientGoesOnBehindTheRegion() {
        isWritten(x -> x.transpose(0, 1));
    }

    /** Lets a hook outside write to the gradient that a region hands on. */
    private static void isWritten(UnaryOperator<Tensor> before) {
        isServed((step, trace) -> {
            Tensor x = leaf(1, 4, 4);
            Tensor y = leaf(2, 4, 4);
            for (int i = 0; i < STEPS; i++) {
                Tensor behind = before.apply(hooked(x, trace));
                Tensor result = step.call(() -> behind.add(y));
                Tensor seed = normal(3, 4, 4);
                result.backward(seed);
                trace.tensor("seed", seed);
                Tensor other = before.apply(hooked(x, trace));
                step.call(() -> other.sum()).backward();
                trace.leaves(x, y);
            }
        });
    }

    private static Tensor hooked(Tensor x, TrainingCase.Trace trace) {
        Tensor hooked = x.mul(1);
        hooked.registerHook(gradient -> {
            trace.error(() -> gradient.mul_(2));
            return null;
        });
        return hooked;
    }

    @Test
    void aSumThatGainsNothingStaysWhatItIs() {
        isServed((step, trace) -> {
            Tensor x = leaf(1, 3, 4);
            Tensor y = leaf(2, 3, 4);
            for (int i = 0; i < STEPS; i++) {
                Tensor result = step.call(() -> x.tanh().add(y));
                Tensor seed = normal(3, 3, 4);
                Tensor sum = result.add(x.sum());
                List<Tensor> gradients = Autograd.grad(sum, List.of(x, y), seed, false, false);
                gradients.get(1).zero_();
                trace.tensor("x", gradients.get(0));
                trace.tensor("seed", seed);
            }
        });
    }
}

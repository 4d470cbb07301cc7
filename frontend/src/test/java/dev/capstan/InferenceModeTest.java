// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static dev.capstan.TapeAssertions.assertRule;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Tensors that are for results only. */
class InferenceModeTest {
    private final Tensor x = Tensor.of(new float[] {1, 2}).requiresGrad(true);

    private static Tensor inference(Supplier<Tensor> body) {
        try (GradMode.Scope scope = GradMode.inferenceMode()) {
            return body.get();
        }
    }

    @Test
    void theModeEndsWithItsScope() {
        try (GradMode.Scope scope = GradMode.inferenceMode()) {
            assertTrue(GradMode.isInferenceMode());
            try (GradMode.Scope on = GradMode.enableGrad()) {
                assertTrue(GradMode.isInferenceMode());
                assertFalse(GradMode.isEnabled());
            }
            try (GradMode.Scope off = GradMode.noGrad()) {
                assertTrue(GradMode.isInferenceMode());
            }
        }
        assertFalse(GradMode.isInferenceMode());
        assertTrue(GradMode.isEnabled());
        try (GradMode.Scope off = GradMode.noGrad()) {
            assertFalse(GradMode.isInferenceMode());
        }
    }

    @Test
    void whatIsMadeInsideIsAnInferenceTensorOffTheTape() {
        Tensor result = inference(() -> x.mul(2));
        assertTrue(result.isInference());
        assertFalse(result.requiresGrad());
        assertTrue(inference(() -> Tensor.zeros(2)).isInference());
        assertFalse(result.add(1).isInference());
        assertFalse(result.copy().isInference());
        assertFalse(x.isInference());
    }

    @Test
    void viewsAreWhatTheirBasesAre() {
        Tensor plain = Tensor.ones(2, 2);
        Tensor result = inference(() -> Tensor.ones(2, 2));
        assertFalse(inference(() -> plain.select(0, 1)).isInference());
        assertTrue(result.select(0, 1).isInference());
        assertTrue(result.detach().isInference());
        assertFalse(result.t().reshape(4).isInference());
    }

    @Test
    void theTapeDoesNotKeepThem() {
        Tensor factor = inference(() -> Tensor.ones(2));
        assertRule("an inference tensor cannot be kept for the backward pass; copy it first", () -> x.mul(factor));
        x.add(factor).mul(factor.copy()).sum().backward();
        assertArrayEquals(new float[] {1, 1}, x.grad().toFloatArray());
    }

    @Test
    void theyAreWrittenToInsideOnly() {
        Tensor result = inference(() -> Tensor.ones(2).add_(1));
        String rule = "an inference tensor is changed in place outside of inference mode; copy it first";
        assertRule(rule, () -> result.add_(1));
        assertRule(rule, () -> result.copy_(x.detach()));
        assertRule(rule, result::zero_);
        assertRule(rule, () -> result.select(0, 1).fill_(3));
        try (GradMode.Scope off = GradMode.noGrad()) {
            assertRule(rule, () -> result.add_(1));
        }
        assertArrayEquals(new float[] {2, 2}, result.toFloatArray());
        assertArrayEquals(new float[] {4, 4}, inference(() -> result.mul_(2)).toFloatArray());
    }

    @Test
    void otherTensorsAreWrittenToInsideAndTheTapeNotices() {
        Tensor factor = Tensor.ones(2);
        Tensor y = x.mul(factor).sum();
        inference(() -> factor.add_(1));
        assertRule("a tensor needed for the gradient was modified in place", y::backward);
    }

    @Test
    void viewsMadeInsideAreNotWrittenToOnTheTape() {
        Tensor plain = Tensor.ones(2);
        Tensor view = inference(() -> plain.narrow(0, 0, 1));
        view.add_(1);
        assertRule(
                "a view made in noGrad is changed in place where it is recorded", () -> view.add_(x.narrow(0, 0, 1)));
    }

    @Test
    void theyDoNotBecomeLeaves() {
        Tensor result = inference(() -> Tensor.ones(2));
        assertRule(
                "an inference tensor is changed outside of inference mode; copy it first",
                () -> result.requiresGrad(true));
        assertTrue(inference(() -> Tensor.ones(2).requiresGrad(true)).requiresGrad());
    }
}

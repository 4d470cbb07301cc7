// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static dev.capstan.TapeAssertions.leaf;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.type.CapstanException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where bad gradients come from. */
class AnomalyTest {
    private static int line() {
        return StackWalker.getInstance()
                .walk(frames -> frames.skip(1).findFirst().orElseThrow().getLineNumber());
    }

    @Test
    void aGradientThatBecomesNaNIsAnErrorThatNamesNodeAndLine() {
        Tensor x = leaf(1, 0);
        try (GradMode.Scope scope = Autograd.detectAnomaly()) {
            int line = line() + 1;
            Tensor root = x.sqrt();
            Tensor y = root.mul(0).sum();
            CapstanException found = assertThrows(CapstanException.class, y::backward);
            assertEquals("a gradient is NaN", found.rule());
            assertEquals(
                    "of operand 0 of SqrtBackward, recorded at "
                            + "AnomalyTest.aGradientThatBecomesNaNIsAnErrorThatNamesNodeAndLine(AnomalyTest.java:"
                            + line
                            + ")",
                    found.operands());
        }
    }

    @Test
    void nothingIsCheckedOutsideOfTheScope() {
        Tensor x = leaf(0);
        Autograd.detectAnomaly().close();
        Tensor y = x.sqrt().mul(0).sum();
        y.backward();
        assertTrue(Double.isNaN(x.grad().item()));
        x.setGrad(null);
        Tensor again = x.sqrt().mul(0).sum();
        try (GradMode.Scope scope = Autograd.detectAnomaly()) {
            try (GradMode.Scope inner = Autograd.detectAnomaly()) {
                assertNotNull(inner);
            }
            CapstanException found = assertThrows(CapstanException.class, again::backward);
            assertEquals("of operand 0 of SqrtBackward, recorded outside of detectAnomaly", found.operands());
        }
    }

    @Test
    void goodGradientsAreTheSame() {
        Tensor x = leaf(1, 2);
        x.tanh().mul(x).sum().backward();
        Tensor expected = x.grad();
        x.setGrad(null);
        try (GradMode.Scope scope = Autograd.detectAnomaly()) {
            x.tanh().mul(x).sum().backward();
        }
        assertEquals(expected.toString(), x.grad().toString());
    }

    @Test
    void hooksThatMakeNaNAreFound() {
        Tensor x = leaf(1);
        try (GradMode.Scope scope = Autograd.detectAnomaly()) {
            Tensor y = x.mul(2);
            y.gradFn()
                    .registerHook((gradInputs, gradOutputs) ->
                            List.of(gradInputs.get(0).mul(Double.NaN), x));
            CapstanException found = assertThrows(CapstanException.class, () -> y.backward());
            assertTrue(found.operands().startsWith("of operand 0 of MulBackward, recorded at"), found.operands());
        }
    }

    @Test
    void otherErrorsOfTheBackwardPassNameTheLine() {
        Tensor x = leaf(1);
        try (GradMode.Scope scope = Autograd.detectAnomaly()) {
            int line = line() + 1;
            Tensor y = x.exp();
            y.add_(1);
            CapstanException found = assertThrows(CapstanException.class, y::backward);
            assertEquals("a tensor needed for the gradient was modified in place", found.rule());
            assertTrue(
                    found.operands().contains("in ExpBackward, recorded at AnomalyTest.")
                            && found.operands().contains(":" + line + ")"),
                    found.operands());
        }
    }

    @Test
    void secondDerivativesNameBothLines() {
        Tensor x = leaf(0);
        try (GradMode.Scope scope = Autograd.detectAnomaly()) {
            int forward = line() + 1;
            Tensor y = x.pow(1.5);
            int backward = line() + 1;
            Tensor slope = Autograd.grad(y, List.of(x), null, false, true).get(0);
            CapstanException found = assertThrows(
                    CapstanException.class, () -> slope.mul(0).sum().backward());
            assertTrue(
                    found.operands().contains("AnomalyTest.java:" + backward + "), for the gradient of PowBackward")
                            && found.operands().contains(":" + forward + ")"),
                    found.operands());
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.capstan.Generator;
import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The check of gradients finds what is wrong, and only that. */
class GradientCheckTest {
    private static final GradientCheck CHECK = GradientCheck.standard();

    private static Tensor leaf(int... sizes) {
        return new Generator(1).normal(DType.FLOAT64, sizes).requiresGrad(true);
    }

    private static CapstanException assertRule(String rule, Executable call) {
        CapstanException refused = assertThrows(CapstanException.class, call);
        assertEquals(rule, refused.rule());
        return refused;
    }

    /** {@code 2 x}, whose gradient is wrong for one element, at first or at second order. */
    private static final class Wrong extends Function {
        private final boolean first;

        Wrong(boolean first) {
            this.first = first;
        }

        @Override
        protected List<Tensor> forward(Context context, Tensor... inputs) {
            return List.of(inputs[0].mul(2));
        }

        @Override
        protected List<Tensor> backward(Context context, Tensor... gradients) {
            Tensor factors = Tensor.of(new double[] {2, 2, 2, 2, 2, first ? 2.5 : 2}, 2, 3);
            return List.of((first ? gradients[0] : gradients[0].detach()).mul(factors));
        }
    }

    @Test
    void rightGradientsPass() {
        CHECK.gradcheck(x -> x.tanh().mul(x), leaf(2, 3));
        CHECK.gradcheck(inputs -> inputs.get(0).mm(inputs.get(1)).exp(), List.of(leaf(2, 3), leaf(3, 2)));
        CHECK.gradcheck(
                inputs -> List.of(
                        inputs.get(0).sum(),
                        inputs.get(0).mul(inputs.get(1)),
                        inputs.get(0).gt(0)),
                List.of(leaf(3), leaf(3).detach()));
        CHECK.gradcheck(
                inputs -> inputs.get(0).gt(0), List.of(leaf(2).zerosLike().requiresGrad(true)));
        CHECK.gradcheck(x -> x, leaf(2));
        CHECK.gradgradcheck(x -> x, leaf(2));
        CHECK.gradgradcheck(x -> x.tanh().mul(x), leaf(2, 3));
        CHECK.gradgradcheck(inputs -> inputs.get(0).mm(inputs.get(1)), List.of(leaf(2, 3), leaf(3, 2)));
        CHECK.gradgradcheck(inputs -> List.of(inputs.get(0).sum(), inputs.get(1).detach()), List.of(leaf(2), leaf(3)));
    }

    @Test
    void aWrongGradientIsNamed() {
        CapstanException found = assertRule(
                "a gradient is not the slope that was measured",
                () -> CHECK.gradcheck(
                        inputs -> List.of(inputs.get(0), new Wrong(true).apply(inputs.get(1))),
                        List.of(leaf(2), leaf(2, 3))));
        assertEquals(
                "of output 1 [1,2] by input 1 [1,2]: 2.5 instead of 2.0",
                found.operands().replaceAll("(instead of) [0-9.]+", "$1 2.0"));
    }

    @Test
    void aGradientThatTheTapeDoesNotKnowIsNamed() {
        CapstanException found = assertRule(
                "a gradient is not the slope that was measured",
                () -> CHECK.gradcheck(x -> x.mul(x.detach()), leaf(1)));
        assertEquals("of output 0 [0] by input 0 [0]", found.operands().split(":")[0]);
        assertRule("a gradient is not the slope that was measured", () -> CHECK.gradcheck(Tensor::detach, leaf(1)));
    }

    @Test
    void aWrongSecondGradientIsNamed() {
        CHECK.gradcheck(new Wrong(false)::apply, leaf(2, 3));
        assertRule(
                "a gradient is not the slope that was measured",
                () -> CHECK.gradgradcheck(new Wrong(false)::apply, leaf(2, 3)));
    }

    @Test
    void stepsAndTolerancesMatter() {
        Tensor x = Tensor.of(new float[] {0.25f}).requiresGrad(true);
        assertRule(
                "a gradient is not the slope that was measured",
                () -> CHECK.withStep(1e-9).gradcheck(Tensor::sin, x));
        CHECK.withStep(0x1p-8).withTolerances(1e-3, 0).gradcheck(Tensor::sin, x);
        assertRule(
                "a gradient is not the slope that was measured",
                () -> CHECK.withTolerances(0, 0).gradcheck(Tensor::exp, leaf(3)));
    }

    @Test
    void somethingMustBeChecked() {
        assertRule("no input requires a gradient", () -> CHECK.gradcheck(Tensor::exp, leaf(1).detach()));
        assertRule(
                "the function gives neither a tensor nor a list of them",
                () -> CHECK.gradcheck(inputs -> "text", List.of(leaf(1))));
    }
}

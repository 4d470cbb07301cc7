// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static dev.capstan.TapeAssertions.assertRule;
import static dev.capstan.TapeAssertions.leaf;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Hooks on tensors and nodes, and gradients kept at results. */
class HooksTest {
    private final List<String> events = new ArrayList<>();

    private static void assertElements(Tensor tensor, float... expected) {
        assertArrayEquals(expected, tensor.toFloatArray());
    }

    private GradientHook noting(String name) {
        return gradient -> {
            events.add(name + " " + Arrays.toString(gradient.toFloatArray()));
            return null;
        };
    }

    // ---- results that keep their gradients

    @Test
    void aResultKeepsItsWholeGradientIfAsked() {
        Tensor x = leaf(1, 2);
        Tensor y = x.mul(3);
        y.retainGrad();
        assertTrue(y.retainsGrad());
        y.mul(y).add(y).sum().backward();
        assertElements(y.grad(), 7, 13);
        assertElements(x.grad(), 21, 39);
    }

    @Test
    void keptGradientsAccumulate() {
        Tensor y = leaf(1).mul(3);
        y.retainGrad();
        y.retainGrad();
        y.mul(2).sum().backward(null, true);
        Tensor first = y.grad();
        y.mul(5).sum().backward();
        assertElements(y.grad(), 7);
        assertElements(first, 2);
    }

    @Test
    void aKeptGradientBelongsToItsTensorAlone() {
        Tensor x = leaf(1);
        Tensor y = x.add(1);
        y.retainGrad();
        y.sum().backward();
        assertNotSame(x.grad().values().storage(), y.grad().values().storage());
        x.grad().zero_();
        assertElements(y.grad(), 1);
    }

    @Test
    void aKeptGradientCanBeDifferentiated() {
        Tensor x = leaf(2);
        Tensor y = x.mul(x);
        y.retainGrad();
        y.mul(y).sum().backward(null, false, true);
        assertElements(y.grad(), 8);
        assertElements(Autograd.grad(y.grad().sum(), List.of(x)).get(0), 8);
    }

    @Test
    void leavesKeepTheirGradientsAnyway() {
        Tensor x = leaf(1);
        x.retainGrad();
        assertFalse(x.retainsGrad());
        x.mul(2).sum().backward();
        assertElements(x.grad(), 2);
        assertRule(
                "the tensor does not require a gradient", () -> Tensor.ones(1).retainGrad());
    }

    @Test
    void afterAWriteInPlaceTheNewResultsGradientIsKept() {
        Tensor y = leaf(1).mul(1);
        y.retainGrad();
        y.mul_(10);
        y.mul(3).sum().backward();
        assertElements(y.grad(), 3);
        assertTrue(y.retainsGrad());
    }

    @Test
    void aKeptGradientIsThatAfterAllHooks() {
        Tensor y = leaf(1).mul(1);
        y.retainGrad();
        y.registerHook(gradient -> gradient.mul(10));
        y.sum().backward();
        assertElements(y.grad(), 10);
    }

    // ---- hooks of tensors

    @Test
    void hooksSeeTheSumOfAllContributionsOnce() {
        Tensor y = leaf(1).mul(2);
        y.registerHook(noting("y"));
        y.mul(3).add(y.mul(4)).sum().backward();
        assertEquals(List.of("y [7.0]"), events);
    }

    @Test
    void hooksReplaceGradientsInOrderOfRegistration() {
        Tensor x = leaf(1);
        Tensor y = x.mul(2);
        y.registerHook(gradient -> gradient.add(1));
        y.registerHook(gradient -> gradient.mul(10));
        y.registerHook(noting("last"));
        y.sum().backward();
        assertEquals(List.of("last [20.0]"), events);
        assertElements(x.grad(), 40);
    }

    @Test
    void hooksOfALeafRunBeforeItsSumIsAdded() {
        Tensor x = leaf(1);
        x.setGrad(Tensor.of(new float[] {100}));
        x.registerHook(noting("x"));
        x.registerHook(gradient -> gradient.neg());
        x.mul(2).add(x.mul(3)).sum().backward();
        assertEquals(List.of("x [5.0]"), events);
        assertElements(x.grad(), 95);
    }

    @Test
    void removedHooksRunNoMore() {
        Tensor x = leaf(1);
        GradientHook hook = gradient -> gradient.mul(2);
        RemovableHandle first = x.registerHook(hook);
        x.registerHook(gradient -> gradient.add(1));
        RemovableHandle third = x.registerHook(hook);
        third.remove();
        third.remove();
        x.sum().backward();
        assertElements(x.grad(), 3);
        first.close();
        x.setGrad(null);
        x.sum().backward();
        assertElements(x.grad(), 2);
    }

    @Test
    void whatAHookHasSeenStaysAsItWas() {
        Tensor x = leaf(1);
        List<Tensor> seen = new ArrayList<>();
        x.registerHook(gradient -> {
            seen.add(gradient);
            return null;
        });
        x.mul(2).sum().backward();
        x.mul(3).sum().backward();
        assertElements(seen.get(0), 2);
        assertElements(seen.get(1), 3);
    }

    @Test
    void hooksOfAnInputRunBeforeGradGivesItsGradient() {
        Tensor x = leaf(1);
        Tensor y = x.mul(2);
        y.registerHook(gradient -> gradient.mul(10));
        x.registerHook(gradient -> gradient.add(0.5));
        List<Tensor> gradients = Autograd.grad(y.sum(), List.of(y, x));
        assertElements(gradients.get(0), 10);
        assertElements(gradients.get(1), 20.5f);
        assertNull(x.grad());
    }

    @Test
    void hooksWhereGradGoesNotAreSilent() {
        Tensor x = leaf(1);
        Tensor other = leaf(1);
        Tensor y = other.mul(2);
        y.registerHook(noting("y"));
        other.registerHook(noting("other"));
        Autograd.grad(x.mul(y).sum(), List.of(x));
        assertEquals(List.of(), events);
    }

    @Test
    void hooksAreRecordedWhenThePassIs() {
        Tensor x = leaf(3);
        Tensor y = x.mul(x);
        y.registerHook(gradient -> gradient.mul(x));
        Tensor first = Autograd.grad(y.sum(), List.of(x), null, false, true).get(0);
        assertElements(first, 18);
        assertElements(Autograd.grad(first.sum(), List.of(x)).get(0), 12);
    }

    @Test
    void hooksRunOffTheTapeOtherwise() {
        Tensor x = leaf(3);
        x.registerHook(gradient -> {
            assertFalse(GradMode.isEnabled());
            return gradient.mul(x);
        });
        x.mul(2).sum().backward();
        assertElements(x.grad(), 6);
        assertFalse(x.grad().requiresGrad());
    }

    @Test
    void hooksStayWithTheResultThatAWriteInPlaceReplaces() {
        Tensor x = leaf(1);
        Tensor y = x.mul(1);
        y.registerHook(noting("before"));
        y.mul_(10);
        y.registerHook(noting("after"));
        y.sum().backward();
        assertEquals(List.of("after [1.0]", "before [10.0]"), events);
    }

    @Test
    void aReplacementHasTheGradientsType() {
        Tensor x = leaf(1);
        x.registerHook(gradient -> Tensor.ones(2));
        assertRule(
                "the gradient is replaced by one of another type", () -> x.sum().backward());
        assertNull(x.grad());
    }

    @Test
    void onlyTensorsWithGradientsHaveHooks() {
        assertRule(
                "the tensor does not require a gradient", () -> Tensor.ones(1).registerHook(g -> g));
        assertRule(
                "the tensor does not require a gradient",
                () -> Tensor.ones(1).registerPostAccumulateGradHook(leaf -> {}));
        Tensor result = leaf(1).mul(2);
        assertRule("only leaves accumulate gradients", () -> result.registerPostAccumulateGradHook(leaf -> {}));
    }

    @Test
    void aHookAfterAccumulationMayTakeAStep() {
        Tensor x = leaf(5);
        RemovableHandle handle = x.registerPostAccumulateGradHook(leaf -> {
            leaf.sub_(leaf.grad());
            leaf.setGrad(null);
        });
        x.mul(2).sum().backward();
        assertElements(x, 3);
        assertNull(x.grad());
        handle.remove();
        x.mul(2).sum().backward();
        assertElements(x, 3);
        assertElements(x.grad(), 2);
    }

    // ---- hooks of nodes

    @Test
    void hooksOfANodeSeeWhatItTakesAndGives() {
        Tensor x = leaf(2);
        Tensor constant = Tensor.of(new float[] {7});
        Node node = x.mul(constant).gradFn();
        List<List<Tensor>> seen = new ArrayList<>();
        node.registerHook((gradInputs, gradOutputs) -> {
            seen.add(gradInputs);
            seen.add(gradOutputs);
            return null;
        });
        Tensor y = x.mul(constant);
        y.gradFn().registerHook((gradInputs, gradOutputs) -> {
            seen.add(gradInputs);
            seen.add(gradOutputs);
            return null;
        });
        y.mul(3).sum().backward();
        assertEquals(2, seen.size());
        assertElements(seen.get(0).get(0), 21);
        assertNull(seen.get(0).get(1));
        assertElements(seen.get(1).get(0), 3);
    }

    @Test
    void hooksOfANodeReplaceWhatItGives() {
        Tensor x = leaf(2);
        Tensor y = leaf(5);
        Tensor product = x.mul(y);
        product.gradFn()
                .registerHook(
                        (gradInputs, gradOutputs) -> List.of(gradInputs.get(0).mul(10), gradInputs.get(1)));
        product.add(x).sum().backward();
        assertElements(x.grad(), 51);
        assertElements(y.grad(), 2);
    }

    @Test
    void contributionsOfOneTensorTwiceStayApart() {
        Tensor x = leaf(3);
        Tensor square = x.mul(x);
        square.gradFn()
                .registerHook((gradInputs, gradOutputs) -> Arrays.asList(
                        gradInputs.get(0).mul(10), gradInputs.get(1).mul(100)));
        square.sum().backward();
        assertElements(x.grad(), 330);
    }

    @Test
    void aNodesPrehooksRunAfterTheHooksOfItsTensor() {
        Tensor x = leaf(1);
        Tensor y = x.mul(2);
        y.gradFn().registerPrehook(gradOutputs -> {
            events.add("node " + gradOutputs.get(0).item());
            return List.of(gradOutputs.get(0).mul(2));
        });
        y.registerHook(noting("tensor"));
        RemovableHandle removed = y.gradFn().registerPrehook(gradOutputs -> List.of(Tensor.zeros(1)));
        removed.remove();
        y.sum().backward();
        assertEquals(List.of("tensor [1.0]", "node 1.0"), events);
        assertElements(x.grad(), 4);
    }

    @Test
    void aLeafsNodeGivesNothing() {
        Tensor x = leaf(1);
        Node node = x.exp().gradFn().nextFunctions().get(0).function();
        node.registerHook((gradInputs, gradOutputs) -> {
            events.add(gradInputs + " " + gradOutputs.get(0).item() + " "
                    + x.grad().item());
            return null;
        });
        x.mul(4).sum().backward();
        assertEquals(List.of("[] 4.0 4.0"), events);
    }

    @Test
    void hooksOfANodeKeepTheNumberOfGradients() {
        Tensor y = leaf(1).mul(2);
        y.gradFn().registerHook((gradInputs, gradOutputs) -> List.of());
        assertRule("the number of gradients differs", () -> y.sum().backward());
    }

    @Test
    void accumulationKeepsTheTensorThatAHookHasGiven() {
        Tensor x = leaf(1);
        Tensor given = Tensor.of(new float[] {4});
        x.registerHook(gradient -> given);
        x.sum().backward();
        x.sum().backward();
        assertElements(given, 4);
        assertElements(x.grad(), 8);
        assertSame(x.grad(), x.grad());
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.reference;

import static dev.capstan.reference.Closeness.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.Autograd;
import dev.capstan.Tensor;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operator against what PyTorch computed, forward, backward and twice backward. */
class OperatorReferenceTest {
    private static final String SECOND = "second gradient";

    static Stream<ReferenceCase> cases() {
        return ReferenceData.ofOperators()
                .filter(c -> !Differences.SKIPPED.containsKey(c.id()) && !Differences.INFINITIES.containsKey(c.id()));
    }

    static Stream<ReferenceCase> casesWithSecondGradients() {
        return cases().filter(c -> !c.secondWeights().isEmpty());
    }

    @Test
    void everyOperatorOfTheReferenceHasACall() {
        List<String> without = ReferenceData.ofOperators()
                .map(ReferenceCase::operator)
                .distinct()
                .filter(operator -> !OperatorCalls.operators().contains(operator))
                .toList();
        assertEquals(List.of(), without);
    }

    @Test
    void skippedCasesAreExactlyTheListedOnes() {
        Map<String, String> unsupported = new TreeMap<>();
        ReferenceData.ofOperators().forEach(c -> {
            try {
                OperatorCalls.call(c.operator(), c.arguments());
            } catch (Arguments.Unsupported e) {
                unsupported.put(c.id(), e.getMessage());
            } catch (RuntimeException e) {
                unsupported.put(c.id(), e.toString());
            }
        });
        assertEquals(new TreeSet<>(Differences.SKIPPED.keySet()), unsupported.keySet(), unsupported::toString);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void resultIsPyTorchs(ReferenceCase c) {
        Arguments arguments = c.arguments();
        Tensor result = OperatorCalls.call(c.operator(), arguments);
        assertClose(accurate(c, c.expected()), accurate(c, result), c.outputTolerance(), "result");
        for (Object shared : c.sharedInputs()) {
            assertSame(
                    arguments.inputs().get(shared).values().storage(),
                    result.values().storage(),
                    "the result is a view of " + shared);
            assertArrayEquals(steps(expectedLayout(c)), steps(result.values()));
        }
    }

    /** An array laid out as the expected view is; the reference does not say where in the storage it begins. */
    private static NdArray expectedLayout(ReferenceCase c) {
        NdArray expected = c.expected().values();
        if (c.expectedStrides() == null) {
            return expected;
        }
        int[] strides = c.expectedStrides().stream()
                .mapToInt(stride -> ((Number) stride).intValue())
                .toArray();
        return expected.view(Layout.of(expected.shape(), strides, 0));
    }

    /** Where the elements lie relative to the first. */
    private static int[] steps(NdArray array) {
        int first = array.layout().offset();
        return Arrays.stream(array.positions())
                .map(position -> position - first)
                .toArray();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void tapeNodeIsPyTorchs(ReferenceCase c) {
        Tensor result = OperatorCalls.call(c.operator(), c.arguments());
        String name = result.gradFn() == null ? null : result.gradFn().name();
        String expected = Differences.NODE_NAMES.containsKey(c.id())
                ? Differences.NODE_NAMES.get(c.id()).orElse(null)
                : c.nodeName();
        assertEquals(expected, name);
    }

    @Test
    void listedNodeNamesDifferFromPyTorchs() {
        Map<String, String> torch =
                cases().collect(Collectors.toMap(ReferenceCase::id, c -> String.valueOf(c.nodeName())));
        Differences.NODE_NAMES.forEach((id, name) -> {
            assertNotNull(torch.get(id), id + " is no case");
            assertNotEquals(torch.get(id), name.orElse("null"), id);
        });
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientsArePyTorchs(ReferenceCase c) {
        Arguments arguments = c.arguments();
        Tensor result = OperatorCalls.call(c.operator(), arguments);
        if (c.upstream() == null) {
            assertEquals(Map.of(), c.gradients());
            return;
        }
        result.backward(c.upstream());
        assertGradients(c, c.gradients(), arguments, "gradient");
    }

    @ParameterizedTest
    @MethodSource("casesWithSecondGradients")
    void secondGradientsArePyTorchs(ReferenceCase c) {
        Arguments arguments = c.arguments();
        Tensor result = OperatorCalls.call(c.operator(), arguments);
        List<String> names = List.copyOf(c.secondWeights().keySet());
        List<Tensor> inputs = names.stream().map(arguments.inputs()::get).toList();
        List<Tensor> gradients = Autograd.grad(result, inputs, c.upstream(), true, true);
        Tensor total = Tensor.scalar(0f);
        for (int i = 0; i < names.size(); i++) {
            Tensor weight = c.tensor(c.secondWeights().get(names.get(i)));
            total = total.add(gradients.get(i).mul(weight).sum());
        }
        if (total.requiresGrad()) {
            total.backward();
        }
        assertGradients(c, c.secondGradients(), arguments, SECOND);
    }

    private static void assertGradients(
            ReferenceCase c, Map<String, Object> expected, Arguments arguments, String what) {
        expected.forEach((input, name) -> {
            Tensor gradient = arguments.inputs().get(input).grad();
            boolean zero = what.equals(SECOND) && Differences.ZERO_SECOND_GRADIENTS.containsKey(c.id());
            if (zero) {
                assertEquals(0, c.tensor(name).abs().sum().item(), "PyTorch's " + what + " of " + input);
            }
            if (name == null || zero) {
                assertNull(gradient, what + " of " + input);
            } else {
                assertNotNull(gradient, what + " of " + input);
                assertClose(
                        accurate(c, c.tensor(name)),
                        accurate(c, gradient),
                        c.gradientTolerance(),
                        what + " of " + input);
            }
        });
    }

    /** A result without the elements that are known to be inaccurate. */
    private static Tensor accurate(ReferenceCase c, Tensor result) {
        Double limit = Differences.ACCURATE_UP_TO.get(c.id());
        if (limit == null) {
            return result;
        }
        Tensor magnitude = c.arguments().tensor(0).detach().abs();
        Tensor inaccurate = magnitude.gt(limit).mul(magnitude.lt(Double.POSITIVE_INFINITY));
        return Tensor.scalar(0f).where(inaccurate, result.detach());
    }

    @Test
    void resultsBeyondTheAccurateRangeAreWrong() {
        for (ReferenceCase c : cases().toList()) {
            if (Differences.ACCURATE_UP_TO.containsKey(c.id())) {
                Tensor result = OperatorCalls.call(c.operator(), c.arguments());
                Tensor error = result.detach().sub(c.expected()).abs();
                assertTrue(error.gt(0.01).to(DType.INT32).sum().item() > 0, c + " is accurate and needs no entry");
            }
        }
    }
}

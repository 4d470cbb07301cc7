// SPDX-License-Identifier: Apache-2.0
package dev.capstan.reference;

import static java.util.Map.entry;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.capstan.runtime.type.CapstanException;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What PyTorch refuses is refused here, by a rule with a name. */
class RefusalsTest {
    private static final String NUMBERS = "the Java compiler refuses numbers in place of tensors";
    private static final String OUT = "no operator writes into a given tensor";
    private static final String TYPE = "mean takes no element type";

    private static final Map<String, String> SKIPPED = Map.ofEntries(
            entry("logsumexp c19", "no dimensions mean all"),
            entry("_errors c25", NUMBERS),
            entry("_errors c27", NUMBERS),
            entry("_errors c29", NUMBERS),
            entry("_errors c53", NUMBERS),
            entry("_errors c55", NUMBERS),
            entry("_errors c57", NUMBERS),
            entry("_errors c59", NUMBERS),
            entry("_errors c61", NUMBERS),
            entry("_errors c63", NUMBERS),
            entry("_errors c83", NUMBERS),
            entry("_errors c85", NUMBERS),
            entry("_errors c91", TYPE),
            entry("_errors c69", NUMBERS),
            entry("_errors c71", NUMBERS),
            entry("_errors c73", NUMBERS),
            entry("_errors c75", NUMBERS),
            entry("_errors c77", NUMBERS),
            entry("_errors c37", NUMBERS),
            entry("_errors c41", NUMBERS),
            entry("_errors c101", OUT),
            entry("_errors c139", OUT),
            entry("_errors c147", OUT),
            entry("_errors c165", OUT));

    /** The rule by which each call is refused here. */
    private static final Map<String, String> RULES = Map.ofEntries(
            entry("max c17", "argmax: there is no element to choose"),
            entry("max c21", "max: there is no element to choose"),
            entry("min c17", "argmin: there is no element to choose"),
            entry("min c21", "min: there is no element to choose"),
            entry("argmax c15", "argmax: there is no element to choose"),
            entry("argmax c19", "argmax: there is no element to choose"),
            entry("argmin c15", "argmin: there is no element to choose"),
            entry("argmin c19", "argmin: there is no element to choose"),
            entry("_errors c39", "argmin: dimension out of range"),
            entry("_errors c141", "gather: the indices are not int64"),
            entry("_errors c143", "gather: the indices do not fit outside of dimension 1"),
            entry("_errors c145", "gather: index out of range"),
            entry("_errors c155", "scatterAdd: the indices are not int64"),
            entry("_errors c157", "scatterAdd: there are more indices than elements"),
            entry("_errors c243", "embedding: the weight is not [rows, width]"),
            entry("amax c15", "amax: there is no element to choose"),
            entry("amax c19", "amax: there is no element to choose"),
            entry("amin c15", "amin: there is no element to choose"),
            entry("amin c19", "amin: there is no element to choose"),
            entry("_errors c93", "amax: there is no element to choose"),
            entry("_errors c95", "amax: a dimension appears twice"),
            entry("_errors c97", "amax: there is no element to choose"),
            entry("_errors c99", "amin: a dimension appears twice"),
            entry("_errors c113", "reshape: number of elements differs"),
            entry("_errors c115", "reshape: number of elements differs"),
            entry("_errors c117", "reshape: no size fits in place of -1"),
            entry("_errors c119", "reshape: no size fits in place of -1"),
            entry("_errors c121", "reshape: number of elements differs"),
            entry("_errors c123", "reshape: number of elements differs"),
            entry("_errors c125", "reshape: no size fits in place of -1"),
            entry("_errors c127", "reshape: no size fits in place of -1"),
            entry("_errors c129", "t: more than two dimensions"),
            entry("_errors c163", "cat: no operands"),
            entry("_errors c167", "cat: sizes differ outside of dimension 0"),
            entry("_errors c169", "cat: 0-d tensors cannot be concatenated"),
            entry("_errors c201", "reshape: number of elements differs"),
            entry("_errors c203", "reshape: number of elements differs"));

    static Stream<ReferenceCase> cases() {
        return ReferenceData.ofRefusals().filter(c -> !SKIPPED.containsKey(c.id()));
    }

    @Test
    void skippedCasesAreExactlyTheListedOnes() {
        Map<String, String> unsupported = new TreeMap<>();
        ReferenceData.ofRefusals().forEach(c -> {
            try {
                OperatorCalls.call(c.operator(), c.arguments());
            } catch (Arguments.Unsupported e) {
                unsupported.put(c.id(), c.operator() + ": " + e.getMessage());
            } catch (CapstanException e) {
                // refused, as it should be
            }
        });
        assertEquals(new TreeSet<>(SKIPPED.keySet()), unsupported.keySet(), unsupported::toString);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whatPyTorchRefusesIsRefused(ReferenceCase c) {
        CapstanException e =
                assertThrows(CapstanException.class, () -> OperatorCalls.call(c.operator(), c.arguments()), c::message);
        assertEquals(RULES.get(c.id()), e.operator() + ": " + e.rule());
    }
}

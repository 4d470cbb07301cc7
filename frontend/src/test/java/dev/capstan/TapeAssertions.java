// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.capstan.runtime.type.CapstanException;
import org.junit.jupiter.api.function.Executable;

/** What tests of the tape have in common. */
public final class TapeAssertions {
    private TapeAssertions() {}

    /** A float32 leaf that requires a gradient. */
    public static Tensor leaf(float... elements) {
        return Tensor.of(elements).requiresGrad(true);
    }

    /** A float64 leaf that requires a gradient. */
    public static Tensor doubleLeaf(double... elements) {
        return Tensor.of(elements).requiresGrad(true);
    }

    /** The gradient of a float32 leaf is exactly this. */
    public static void assertGrad(Tensor leaf, float... expected) {
        assertArrayEquals(expected, leaf.grad().toFloatArray());
    }

    /** A call is refused by this rule; the error. */
    public static CapstanException assertRule(String rule, Executable call) {
        CapstanException refused = assertThrows(CapstanException.class, call);
        assertEquals(rule, refused.rule());
        return refused;
    }
}

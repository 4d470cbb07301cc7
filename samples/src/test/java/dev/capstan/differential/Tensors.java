// SPDX-License-Identifier: Apache-2.0
package dev.capstan.differential;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.capstan.Tensor;
import java.util.List;

/** Comparison of tensors to the last bit; any NaN equals any NaN. */
final class Tensors {
    private Tensors() {}

    static void assertSameBits(List<Tensor> expected, List<Tensor> actual) {
        assertEquals(expected.size(), actual.size(), "number of tensors");
        for (int i = 0; i < expected.size(); i++) {
            assertSameBits("tensor " + i, expected.get(i), actual.get(i));
        }
    }

    static void assertSameBits(String what, Tensor expected, Tensor actual) {
        assertEquals(expected.dtype(), actual.dtype(), what);
        assertEquals(expected.shape(), actual.shape(), what);
        assertEquals(expected.requiresGrad(), actual.requiresGrad(), what + " requires a gradient");
        // a double shows all bits of a float, and array comparison tells zeros apart
        assertArrayEquals(bits(expected), bits(actual), what + ":\n" + expected + "\n" + actual);
    }

    private static long[] bits(Tensor tensor) {
        double[] elements = tensor.toDoubleArray();
        long[] bits = new long[elements.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Double.doubleToLongBits(elements[i]);
        }
        return bits;
    }
}

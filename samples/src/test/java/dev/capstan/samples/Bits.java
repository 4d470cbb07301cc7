// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.capstan.Tensor;
import java.util.Arrays;

/** Tensors compared bit for bit. */
final class Bits {
    private Bits() {}

    static void assertEqual(String what, Tensor expected, Tensor actual) {
        assertEquals(expected.dtype(), actual.dtype(), what);
        assertEquals(expected.shape(), actual.shape(), what);
        assertArrayEquals(of(expected), of(actual), what);
    }

    private static long[] of(Tensor tensor) {
        return Arrays.stream(tensor.toDoubleArray())
                .mapToLong(Double::doubleToLongBits)
                .toArray();
    }
}

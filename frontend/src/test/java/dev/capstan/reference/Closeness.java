// SPDX-License-Identifier: Apache-2.0
package dev.capstan.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.capstan.Tensor;

/** Compares tensors as the reference's own rounding was measured: |difference| / max(1, |expected|). */
final class Closeness {
    private Closeness() {}

    static void assertClose(Tensor expected, Tensor actual, double tolerance, String what) {
        assertEquals(expected.dtype(), actual.dtype(), what + ": element type");
        assertEquals(expected.shape(), actual.shape(), what + ": shape");
        if (!expected.dtype().isFloating()) {
            assertArrayEquals(expected.toLongArray(), actual.toLongArray(), what);
            return;
        }
        double[] wanted = expected.toDoubleArray();
        double[] given = actual.toDoubleArray();
        for (int i = 0; i < wanted.length; i++) {
            boolean same = wanted[i] == given[i] || Double.isNaN(wanted[i]) && Double.isNaN(given[i]);
            double error = Math.abs(wanted[i] - given[i]) / Math.max(1, Math.abs(wanted[i]));
            if (!same && !(error <= tolerance)) {
                fail(what + " at " + i + ": " + given[i] + ", expected " + wanted[i] + " within " + tolerance);
            }
        }
    }
}

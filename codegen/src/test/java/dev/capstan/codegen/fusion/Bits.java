// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.fusion;

import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.type.DType;
import java.lang.reflect.Array;
import java.util.Optional;

/** Comparison of arrays bit for bit, where any NaN equals any NaN. */
public final class Bits {
    private Bits() {}

    /** The first difference, in words. */
    public static Optional<String> difference(Object expected, Object actual) {
        for (int i = 0; i < Array.getLength(expected); i++) {
            if (bits(expected, i) != bits(actual, i)) {
                return Optional.of("element " + i + ": " + Array.get(expected, i) + " and " + Array.get(actual, i));
            }
        }
        return Optional.empty();
    }

    private static long bits(Object array, int index) {
        // these conversions make all NaN one
        if (array instanceof float[] floats) {
            return Float.floatToIntBits(floats[index]);
        }
        return array instanceof double[] doubles
                ? Double.doubleToLongBits(doubles[index])
                : Array.getLong(array, index);
    }

    /** A copy of an array. */
    public static Object copy(DType type, Object array) {
        int length = Array.getLength(array);
        Object copy = Storage.newArray(type, length);
        System.arraycopy(array, 0, copy, 0, length);
        return copy;
    }
}

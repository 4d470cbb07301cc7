// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import java.util.Arrays;
import java.util.Random;

/**
 * The numbers that a tensor starts with, in row-major order.
 *
 * @param sizes the tensor's shape
 */
record Values(float[] elements, int... sizes) {
    /** Normally distributed numbers, the same at every start. */
    static Values normal(Random random, double deviation, int... sizes) {
        float[] elements = new float[Arrays.stream(sizes).reduce(1, Math::multiplyExact)];
        for (int i = 0; i < elements.length; i++) {
            elements[i] = (float) (deviation * random.nextGaussian());
        }
        return new Values(elements, sizes);
    }

    /** One number everywhere. */
    static Values constant(float element, int... sizes) {
        float[] elements = new float[Arrays.stream(sizes).reduce(1, Math::multiplyExact)];
        Arrays.fill(elements, element);
        return new Values(elements, sizes);
    }

    /** The sizes as other libraries want them. */
    long[] longSizes() {
        return Arrays.stream(sizes).asLongStream().toArray();
    }
}

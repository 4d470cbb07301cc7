// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import java.util.Random;
import java.util.function.DoubleSupplier;

/**
 * A stream of random numbers that a seed determines, the same on every JVM. The numbers are not PyTorch's for the same
 * seed.
 */
public final class Generator {
    private static final Generator DEFAULT = new Generator(0);

    private final Random random;

    /** A stream from a seed. */
    public Generator(long seed) {
        random = new Random(seed);
    }

    /** The stream that modules draw their initial parameters from. */
    public static Generator standard() {
        return DEFAULT;
    }

    /** Restarts the standard stream. */
    public static void manualSeed(long seed) {
        DEFAULT.random.setSeed(seed);
    }

    /** Normal numbers with mean 0 and deviation 1, float32. */
    public Tensor normal(int... sizes) {
        return fill(DType.FLOAT32, sizes, random::nextGaussian);
    }

    /** Normal numbers with mean 0 and deviation 1. */
    public Tensor normal(DType dtype, int... sizes) {
        return fill(dtype, sizes, random::nextGaussian);
    }

    /** Numbers equally likely from low (inclusive) to high (exclusive). */
    public Tensor uniform(DType dtype, double low, double high, int... sizes) {
        return fill(dtype, sizes, () -> low + (high - low) * random.nextDouble());
    }

    /** A whole number from 0 to {@code bound - 1}. */
    public int nextInt(int bound) {
        return random.nextInt(bound);
    }

    private static Tensor fill(DType dtype, int[] sizes, DoubleSupplier source) {
        NdArray array = NdArray.zeros(dtype, Shape.of(sizes));
        for (int i = 0; i < array.shape().elements(); i++) {
            array.set(i, source.getAsDouble());
        }
        return new Tensor(array);
    }
}

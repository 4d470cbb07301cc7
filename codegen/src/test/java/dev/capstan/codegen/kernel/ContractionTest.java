// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.capstan.codegen.tree.Primitive;
import dev.capstan.runtime.parallel.Workers;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("everywhere")
class ContractionTest {
    private final Contraction contraction = Contraction.instance();

    private static float[] gaussians(int length) {
        Random random = new Random(length);
        float[] result = new float[length];
        for (int i = 0; i < length; i++) {
            result[i] = (float) random.nextGaussian();
        }
        return result;
    }

    @Test
    void bitsAreTheSameColdAndWarm() throws InterruptedException {
        int m = 37;
        int k = 50;
        int n = 41;
        float[] a = gaussians(m * k);
        float[] b = gaussians(k * n);
        float[] first = new float[m * n];
        contraction.multiply(m, k, n, a, 0, k, 1, b, 0, n, 1, first, 0, n, false);
        float[] panels = new float[contraction.packedLength(Primitive.FLOAT, k, n)];
        contraction.pack(b, 0, n, 1, k, n, panels, 0);
        float[] packed = new float[m * n];
        contraction.multiplyPacked(m, k, n, a, 0, k, 1, panels, 0, packed, 0, n, false);
        assertArrayEquals(first, packed);

        boolean ready = contraction.awaitReady(Primitive.FLOAT, Duration.ofMinutes(5));
        assertEquals(VectorWidth.isAvailable(), ready);
        float[] second = new float[m * n];
        contraction.multiply(m, k, n, a, 0, k, 1, b, 0, n, 1, second, 0, n, false);
        assertArrayEquals(first, second);
        // what was packed while cold still serves
        contraction.multiplyPacked(m, k, n, a, 0, k, 1, panels, 0, packed, 0, n, false);
        assertArrayEquals(first, packed);
    }

    @Test
    void oneRowTimesAPackedFactorHasTheSameBits() throws InterruptedException {
        contraction.awaitReady(Primitive.FLOAT, Duration.ofMinutes(5));
        for (int k : new int[] {1, 32, 256, 257}) {
            for (int n : new int[] {1, 5, 16, 17, 32, 41, 48, 63}) {
                for (boolean accumulate : new boolean[] {false, true}) {
                    float[] a = gaussians(2 * k + 3);
                    float[] b = gaussians(k * n);
                    float[] panels = new float[2 + contraction.packedLength(Primitive.FLOAT, k, n)];
                    contraction.pack(b, 0, n, 1, k, n, panels, 2);
                    float[] expected = gaussians(n + 9);
                    float[] row = expected.clone();
                    contraction.multiply(1, k, n, a, 3, 0, 2, b, 0, n, 1, expected, 4, n, accumulate);
                    contraction.multiplyPacked(1, k, n, a, 3, 0, 2, panels, 2, row, 4, n, accumulate);
                    assertArrayEquals(expected, row, k + " x " + n);
                }
            }
        }
    }

    @Test
    void firstProductAsksForTheVectorKernels() throws InterruptedException {
        double[] c = new double[1];
        contraction.multiply(1, 2, 1, new double[] {2, 3}, 0, 2, 1, new double[] {5, 7}, 0, 1, 1, c, 0, 1, false);
        assertEquals(31.0, c[0]);
        Contraction.State state = contraction.state(Primitive.DOUBLE);
        assertFalse(state == Contraction.State.COLD);
        assertEquals(VectorWidth.isAvailable(), state != Contraction.State.UNAVAILABLE);
        assertEquals(VectorWidth.isAvailable(), contraction.awaitReady(Primitive.DOUBLE, Duration.ofMinutes(5)));
        assertEquals(VectorWidth.isAvailable(), contraction.ready(Primitive.DOUBLE));
        contraction.multiply(1, 2, 1, new double[] {2, 3}, 0, 2, 1, new double[] {5, 7}, 0, 1, 1, c, 0, 1, true);
        assertEquals(62.0, c[0]);
    }

    @Test
    void largeProductsAreSharedByThreads() {
        int size = 200;
        float[] a = gaussians(size * size);
        float[] b = gaussians(size * size);
        float[] alone = new float[size * size];
        float[] together = new float[size * size];
        Workers workers = Workers.shared();
        int before = workers.threads();
        try {
            workers.use(1);
            contraction.multiply(size, size, size, a, 0, size, 1, b, 0, size, 1, alone, 0, size, false);
            workers.use(4);
            contraction.multiply(size, size, size, a, 0, size, 1, b, 0, size, 1, together, 0, size, false);
            assertTrue(Thread.getAllStackTraces().keySet().stream()
                    .anyMatch(thread -> thread.getName().equals("capstan-worker-3")));
        } finally {
            workers.use(before);
        }
        assertArrayEquals(alone, together);
    }

    @Test
    void emptySumIsZeroOrTheStart() {
        float[] none = new float[0];
        float[] c = {1, 2, 3, 4, 5, 6, 7};
        contraction.multiply(2, 0, 2, none, 0, 0, 1, none, 0, 2, 1, c, 1, 3, true);
        assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6, 7}, c);
        contraction.multiply(2, 0, 2, none, 0, 0, 1, none, 0, 2, 1, c, 1, 3, false);
        assertArrayEquals(new float[] {1, 0, 0, 4, 0, 0, 7}, c);
        contraction.multiply(0, 3, 2, none, 0, 3, 1, new float[6], 0, 2, 1, c, 0, 2, false);
        contraction.multiply(2, 3, 0, new float[6], 0, 3, 1, none, 0, 0, 1, c, 0, 0, false);
        assertArrayEquals(new float[] {1, 0, 0, 4, 0, 0, 7}, c);
        assertEquals(0, contraction.packedLength(Primitive.FLOAT, 0, 5));
        contraction.pack(none, 0, 5, 1, 0, 5, none, 0);
        contraction.multiplyPacked(1, 0, 2, none, 0, 0, 1, none, 0, c, 3, 2, false);
        assertArrayEquals(new float[] {1, 0, 0, 0, 0, 0, 7}, c);
    }

    @Test
    void matricesLieWithinTheirArrays() {
        float[] six = new float[6];
        assertEquals(
                "contraction: b lies outside of its array: [3,2] at 1 with strides (2,1) in 6 elements",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> contraction.multiply(2, 3, 2, six, 0, 3, 1, six, 1, 2, 1, six, 0, 2, false))
                        .getMessage());
        assertEquals(
                "contraction: sizes must not be negative: [-2,3]",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> contraction.multiply(-2, 3, 2, six, 0, 3, 1, six, 0, 2, 1, six, 0, 2, false))
                        .getMessage());
    }

    @Test
    void threadsDoNotShareScratch() throws InterruptedException {
        assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "needs two processors");
        int m = 30;
        int k = 70;
        int n = 33;
        float[] a = gaussians(m * k);
        float[] b = gaussians(k * n);
        float[] expected = new float[m * n];
        contraction.multiply(m, k, n, a, 0, k, 1, b, 0, n, 1, expected, 0, n, false);
        boolean[] wrong = new boolean[2];
        Thread[] threads = new Thread[2];
        for (int t = 0; t < 2; t++) {
            int thread = t;
            threads[t] = new Thread(() -> {
                float[] c = new float[m * n];
                for (int i = 0; i < 300; i++) {
                    contraction.multiply(m, k, n, a, 0, k, 1, b, 0, n, 1, c, 0, n, false);
                    wrong[thread] |= !java.util.Arrays.equals(expected, c);
                }
            });
            threads[t].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertFalse(wrong[0] || wrong[1]);
    }

    @Test
    void widthIsForcedByProperty() {
        assertEquals(new VectorWidth(256, "SPECIES_256"), VectorWidth.forced("256"));
        assertEquals(
                "capstan.vector.bits: must be 128, 256 or 512: 64",
                assertThrows(IllegalArgumentException.class, () -> VectorWidth.forced("64"))
                        .getMessage());
        assertEquals(8, VectorWidth.forced("256").lanes(Primitive.FLOAT));
        assertTrue(VectorWidth.current().isPresent() == VectorWidth.isAvailable());
    }
}

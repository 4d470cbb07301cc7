// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static dev.capstan.TapeAssertions.assertRule;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.type.DType;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The stream of random numbers. */
class GeneratorTest {
    private static int[] block(long low, long high, long key) {
        int[] words = new int[Philox.WORDS];
        Philox.block(low, high, key, words);
        return words;
    }

    /** The known answers that the paper's authors publish with their library. */
    @Test
    void blocksAreThePublishedOnes() {
        assertArrayEquals(new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, block(0, 0, 0));
        assertArrayEquals(new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}, block(-1, -1, -1));
        assertArrayEquals(
                new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
                block(0x85a308d3243f6a88L, 0x0370734413198a2eL, 0x299f31d0a4093822L));
    }

    @Test
    void aSeedDeterminesTheStream() {
        float[] drawn = new Generator(7).normal(5).toFloatArray();
        assertArrayEquals(drawn, new Generator(7).normal(5).toFloatArray());
        assertFalse(Arrays.equals(drawn, new Generator(8).normal(5).toFloatArray()));
        Generator.manualSeed(7);
        assertArrayEquals(drawn, Tensor.randn(5).toFloatArray());
    }

    @Test
    void aDrawOfEvenSizeIsTwoOfHalfTheSize() {
        Generator whole = new Generator(3);
        Generator parts = new Generator(3);
        double[] all = whole.uniform(DType.FLOAT64, -1, 1, 4, 6).toDoubleArray();
        double[] first = parts.uniform(DType.FLOAT64, -1, 1, 4).toDoubleArray();
        double[] second = parts.uniform(DType.FLOAT64, -1, 1, 20).toDoubleArray();
        assertArrayEquals(Arrays.copyOf(all, 4), first);
        assertArrayEquals(Arrays.copyOfRange(all, 4, 24), second);
        assertEquals(whole.state(), parts.state());
    }

    @Test
    void float32HasTheNumbersOfFloat64Rounded() {
        double[] exact = new Generator(4).normal(DType.FLOAT64, 9).toDoubleArray();
        float[] rounded = new Generator(4).normal(9).toFloatArray();
        for (int i = 0; i < exact.length; i++) {
            assertEquals((float) exact[i], rounded[i]);
        }
    }

    @Test
    void aStateIsGoneBackTo() {
        Generator generator = new Generator(5);
        generator.normal(3);
        Generator.State state = generator.state();
        float[] drawn = generator.normal(4).toFloatArray();
        generator.restore(state);
        assertArrayEquals(drawn, generator.normal(4).toFloatArray());
        assertEquals(new Generator.State(5, 4), generator.state());
    }

    @Test
    void momentsAreThoseOfTheDistributions() {
        Generator generator = new Generator(6);
        int n = 100_000;
        assertMoments(0, 1, generator.normal(DType.FLOAT64, n));
        assertMoments(2.5, 0.75, generator.uniform(DType.FLOAT64, 1, 4, n));
        assertMoments(0.3, 0.21, generator.bernoulli(DType.FLOAT64, 0.3, n));
        assertMoments(4.5, 8.25, generator.integers(0, 10, n).to(DType.FLOAT64));
    }

    private static void assertMoments(double mean, double variance, Tensor drawn) {
        double found = drawn.mean().item();
        // five deviations of the mean of 100,000 numbers, rounded up
        assertEquals(mean, found, 0.05);
        assertEquals(variance, drawn.sub(found).square().mean().item(), 0.1);
    }

    @Test
    void numbersStayInTheirBounds() {
        Generator generator = new Generator(9);
        double high = Math.nextUp(1f);
        for (float number : generator.uniform(DType.FLOAT32, 1, high, 1000).toFloatArray()) {
            assertEquals(1f, number);
        }
        assertArrayEquals(
                new double[] {2, 2}, generator.uniform(DType.FLOAT64, 2, 2, 2).toDoubleArray());
        assertArrayEquals(
                new long[] {0, 1, 2},
                Arrays.stream(generator.integers(0, 3, 100).toLongArray())
                        .distinct()
                        .sorted()
                        .toArray());
        assertEquals(100, generator.bernoulli(DType.INT32, 1, 100).sum().item());
        assertEquals(0, generator.bernoulli(DType.BOOL, 0, 100).sum().item());
        assertEquals(0, generator.normal(0, 3).numel());
    }

    @Test
    void drawsOfSeveralThreadsHaveNothingInCommon() {
        Generator generator = new Generator(10);
        Set<Double> seen = ConcurrentHashMap.newKeySet();
        IntStream.range(0, 64)
                .parallel()
                .forEach(i -> Arrays.stream(
                                generator.uniform(DType.FLOAT64, 0, 1, 50).toDoubleArray())
                        .forEach(seen::add));
        assertEquals(64 * 50, seen.size());
        assertEquals(64 * 25, generator.state().position());
    }

    @Test
    void probabilitiesOfATensorAreTaken() {
        Generator.manualSeed(1);
        Tensor p = Tensor.of(new double[] {0, 1, 0, 1}).requiresGrad(true);
        Tensor drawn = p.bernoulli();
        assertArrayEquals(new double[] {0, 1, 0, 1}, drawn.toDoubleArray());
        assertFalse(drawn.requiresGrad());
        double mean = Tensor.full(DType.FLOAT64, 0.2, 10_000).bernoulli().mean().item();
        assertEquals(0.2, mean, 0.03);
    }

    @Test
    void whatMakesNoSenseIsRefusedAndDrawsNothing() {
        Generator generator = new Generator(0);
        assertRule("a probability is not between 0 and 1", () -> generator.bernoulli(DType.BOOL, 1.5, 2));
        assertRule("a probability is not between 0 and 1", () -> generator.bernoulli(DType.BOOL, Double.NaN, 2));
        assertRule("low is not at most high", () -> generator.uniform(DType.FLOAT32, 1, 0, 2));
        assertRule("low is not below high", () -> generator.integers(3, 3, 2));
        assertRule("only floating types hold such numbers", () -> generator.normal(DType.INT64, 2));
        assertEquals(new Generator.State(0, 0), generator.state());
        Generator.manualSeed(0);
        assertRule(
                "a probability is not between 0 and 1",
                () -> Tensor.of(new float[] {0, 2}).bernoulli());
        assertTrue(Generator.standard().state().position() == 0);
    }
}

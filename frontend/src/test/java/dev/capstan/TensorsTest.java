// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Making tensors, reading them, and the streams that fill them. */
class TensorsTest {
    @Test
    void arraysAreCopiedIn() {
        float[] elements = {1, 2};
        Tensor tensor = Tensor.of(elements);
        elements[0] = 9;
        assertArrayEquals(new float[] {1, 2}, tensor.toFloatArray());
    }

    @Test
    void arraysAreCopiedOut() {
        Tensor tensor = Tensor.of(new float[] {1, 2});
        tensor.toFloatArray()[0] = 9;
        assertArrayEquals(new float[] {1, 2}, tensor.toFloatArray());
    }

    @Test
    void elementTypeFollowsTheArray() {
        assertEquals(DType.FLOAT32, Tensor.of(new float[1]).dtype());
        assertEquals(DType.FLOAT64, Tensor.of(new double[1]).dtype());
        assertEquals(DType.INT64, Tensor.of(new long[1]).dtype());
        assertEquals(DType.INT32, Tensor.of(new int[1]).dtype());
        assertEquals(DType.BOOL, Tensor.of(new boolean[1]).dtype());
        assertEquals(DType.FLOAT32, Tensor.scalar(1f).dtype());
        assertEquals(DType.FLOAT64, Tensor.scalar(1.0).dtype());
    }

    @Test
    void sizesAreCountedFromBothEnds() {
        Tensor tensor = Tensor.zeros(2, 3, 4);
        assertEquals(3, tensor.dim());
        assertEquals(24, tensor.numel());
        assertEquals(2, tensor.size(0));
        assertEquals(4, tensor.size(-1));
        assertThrows(CapstanException.class, () -> Tensor.scalar(1f).size(0));
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void constantsHaveTheirTypeAndShape(DType dtype) {
        Tensor ones = Tensor.full(dtype, 1, 2, 3);
        assertEquals(Shape.of(2, 3), ones.shape());
        assertEquals(dtype, ones.dtype());
        assertArrayEquals(new long[] {1, 1, 1, 1, 1, 1}, ones.toLongArray());
        assertArrayEquals(new long[6], ones.zerosLike().toLongArray());
        assertArrayEquals(ones.toLongArray(), ones.zerosLike().onesLike().toLongArray());
        assertEquals(0, Tensor.full(dtype, 1, 0, 3).numel());
    }

    @Test
    void largeIntegersKeepAllBits() {
        long large = (1L << 53) + 1;
        assertEquals(large, Tensor.of(new long[] {large}).toLongArray()[0]);
        assertEquals(large, Tensor.of(new long[] {0}).add(large).toLongArray()[0]);
    }

    @Test
    void rangesOfADimension() {
        Tensor tensor = Tensor.of(new long[] {0, 1, 2, 3, 4, 5, 6});
        assertArrayEquals(new long[] {1, 3, 5}, tensor.slice(0, 1, 6, 2).toLongArray());
        assertArrayEquals(new long[] {1, 3}, tensor.slice(0, 1, 5, 2).toLongArray());
        assertEquals(0, tensor.slice(0, 5, 5, 1).numel());
        assertThrows(CapstanException.class, () -> tensor.slice(0, 0, 8, 1));
        assertThrows(CapstanException.class, () -> tensor.slice(0, 0, 3, 0));
    }

    @Test
    void openSizesAreInferred() {
        Tensor tensor = Tensor.zeros(2, 6);
        assertEquals(Shape.of(3, 4), tensor.reshape(3, -1).shape());
        assertEquals(Shape.of(12), tensor.flatten(0, -1).shape());
        assertEquals(Shape.of(1), Tensor.scalar(1f).flatten(0, -1).shape());
        assertEquals(Shape.of(5, 2, 6), tensor.expand(5, -1, -1).shape());
        assertThrows(CapstanException.class, () -> tensor.reshape(-1, -1));
        assertThrows(CapstanException.class, () -> Tensor.zeros(0, 2).reshape(-1, 0));
    }

    @Test
    void sameTypeIsNotConverted() {
        Tensor tensor = Tensor.ones(2);
        assertSame(tensor, tensor.to(DType.FLOAT32));
        assertNotSame(tensor, tensor.to(DType.FLOAT64));
    }

    @Test
    void linearTakesAnyRank() {
        Tensor weight = Tensor.ones(4, 3);
        assertEquals(Shape.of(4), F.linear(Tensor.ones(3), weight, null).shape());
        assertEquals(
                Shape.of(4), F.linear(Tensor.ones(3), weight, Tensor.ones(4)).shape());
        assertEquals(
                Shape.of(2, 5, 4),
                F.linear(Tensor.ones(2, 5, 3), weight, Tensor.ones(4)).shape());
    }

    @Test
    void lossesAreSummedOrAveraged() {
        Tensor input = Tensor.of(new float[] {1, 2});
        Tensor target = Tensor.of(new float[] {3, 5});
        assertEquals(6.5, F.mseLoss(input, target).item());
        assertEquals(13, F.mseLoss(input, target, F.Reduction.SUM).item());
    }

    // ---- random numbers

    @Test
    void seedDeterminesTheStream() {
        Tensor first = new Generator(5).normal(3, 2);
        assertArrayEquals(first.toFloatArray(), new Generator(5).normal(3, 2).toFloatArray());
        assertFalse(Arrays.equals(
                first.toFloatArray(), new Generator(6).normal(3, 2).toFloatArray()));
        Generator generator = new Generator(5);
        generator.normal(1);
        assertFalse(Arrays.equals(first.toFloatArray(), generator.normal(3, 2).toFloatArray()));
    }

    @Test
    void normalNumbersHaveMeanZeroAndDeviationOne() {
        double[] numbers = new Generator(1).normal(DType.FLOAT64, 10_000).toDoubleArray();
        double mean = Arrays.stream(numbers).average().orElseThrow();
        double variance = Arrays.stream(numbers).map(x -> x * x).average().orElseThrow();
        assertEquals(0, mean, 0.03);
        assertEquals(1, variance, 0.05);
    }

    @Test
    void uniformNumbersFillTheirRange() {
        double[] numbers =
                new Generator(1).uniform(DType.FLOAT64, -2, 3, 10_000).toDoubleArray();
        assertTrue(Arrays.stream(numbers).allMatch(x -> x >= -2 && x < 3));
        assertTrue(Arrays.stream(numbers).min().orElseThrow() < -1.99);
        assertTrue(Arrays.stream(numbers).max().orElseThrow() > 2.99);
    }

    // ---- stance

    @Test
    void stanceHoldsUntilItsScopeIsClosed() {
        Stance before = Stance.current();
        try (Stance.Scope outer = Stance.EAGER.enter()) {
            assertEquals(Stance.EAGER, Stance.current());
            try (Stance.Scope inner = Stance.FAIL_ON_MISS.enter()) {
                assertEquals(Stance.FAIL_ON_MISS, Stance.current());
            }
            assertEquals(Stance.EAGER, Stance.current());
        }
        assertEquals(before, Stance.current());
    }

    @Test
    void functionsWithoutACompilerRunEagerly() {
        var function = Compiled.function((Tensor x) -> x.mul(2));
        assertArrayEquals(new float[] {2}, function.apply(Tensor.ones(1)).toFloatArray());
        assertEquals(List.of(), function.compiled().report());
        assertTrue(function.compiled().explain().contains("0 paths"));
    }

    @Test
    void arangeCountsToTheBound() {
        assertArrayEquals(new long[] {0, 1, 2}, Tensor.arange(3).toLongArray());
        assertArrayEquals(new long[] {2, 5, 8}, Tensor.arange(2, 9, 3).toLongArray());
        assertArrayEquals(new long[] {2, 5}, Tensor.arange(2, 8, 3).toLongArray());
        assertArrayEquals(new long[] {4, 2}, Tensor.arange(4, 0, -2).toLongArray());
        assertEquals(0, Tensor.arange(4, 4, -2).numel());
        CapstanException e = assertThrows(CapstanException.class, () -> Tensor.arange(0, -3, 2));
        assertEquals("arange: the steps do not lead to the end", e.operator() + ": " + e.rule());
    }

    @Test
    void partsAreViewsThatMakeUpTheWhole() {
        Tensor x = Tensor.arange(10).reshape(2, 5);
        assertEquals(
                List.of("[2,2]", "[2,2]", "[2,1]"),
                x.split(2, 1).stream().map(part -> part.shape().toString()).toList());
        assertEquals(
                List.of("[2,3]", "[2,2]"),
                x.chunk(2, -1).stream().map(part -> part.shape().toString()).toList());
        assertArrayEquals(new long[] {5, 6, 7, 8, 9}, x.unbind(0).get(1).toLongArray());
        assertArrayEquals(
                new long[] {4, 9},
                x.split(new int[] {1, 3, 1}, 1).get(2).reshape(-1).toLongArray());
        x.split(2, 1).get(1).fill_(0);
        assertEquals(4 + 9 + 0 + 1 + 5 + 6, x.sum().item());
        CapstanException e = assertThrows(CapstanException.class, () -> x.split(new int[] {1, 3}, 1));
        assertEquals("split: the parts do not make up the whole", e.operator() + ": " + e.rule());
    }

    @Test
    void aPaddingRowGetsNoGradient() {
        Tensor weight = Tensor.ones(3, 2).requiresGrad(true);
        Tensor index = Tensor.of(new long[] {2, 0, 2, 1});
        F.embedding(index, weight, -1).sum().backward();
        assertArrayEquals(new double[] {1, 1, 1, 1, 0, 0}, weight.grad().toDoubleArray());
    }
}

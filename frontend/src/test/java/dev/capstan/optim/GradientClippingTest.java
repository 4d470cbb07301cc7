// SPDX-License-Identifier: Apache-2.0
package dev.capstan.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;
import java.util.List;
import org.junit.jupiter.api.Test;

class GradientClippingTest {
    private static Tensor leaf(float... gradient) {
        Tensor leaf = Tensor.zeros(gradient.length).requiresGrad(true);
        leaf.setGrad(Tensor.of(gradient));
        return leaf;
    }

    private final Tensor a = leaf(3, 0);
    private final Tensor b = leaf(-4);
    private final Tensor without = Tensor.zeros(2).requiresGrad(true);

    @Test
    void aLongGradientGetsTheGivenNorm() {
        assertEquals(5, GradientClipping.clipNorm(List.of(a, without, b), 1).item());
        assertArrayEquals(new float[] {0.6f, 0}, a.grad().toFloatArray(), 1e-6f);
        assertArrayEquals(new float[] {-0.8f}, b.grad().toFloatArray(), 1e-6f);
        assertNull(without.grad());
    }

    @Test
    void aShortGradientStaysAsItIs() {
        assertEquals(5, GradientClipping.clipNorm(List.of(a, b), 6).item());
        assertArrayEquals(new float[] {3, 0}, a.grad().toFloatArray());
        assertArrayEquals(new float[] {-4}, b.grad().toFloatArray());
    }

    @Test
    void withoutGradientsTheNormIsZero() {
        assertEquals(0, GradientClipping.clipNorm(List.of(without), 1).item());
    }

    @Test
    void elementsAreClamped() {
        GradientClipping.clipValue(List.of(a, b, without), 2);
        assertArrayEquals(new float[] {2, 0}, a.grad().toFloatArray());
        assertArrayEquals(new float[] {-2}, b.grad().toFloatArray());
    }

    @Test
    void aLimitIsNotNegative() {
        assertThrows(CapstanException.class, () -> GradientClipping.clipNorm(List.of(a), -1));
        assertThrows(CapstanException.class, () -> GradientClipping.clipValue(List.of(a), Double.NaN));
    }
}

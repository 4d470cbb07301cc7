// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.F;
import dev.capstan.Generator;
import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;
import org.junit.jupiter.api.Test;

/** Dropout, and the two modes of modules. */
class DropoutTest {
    @Test
    void whatStaysIsScaledAndSoIsItsGradient() {
        Generator.manualSeed(1);
        Tensor x = Tensor.ones(2000).requiresGrad(true);
        Tensor y = new Dropout(0.2).apply(x);
        y.sum().backward();
        int zeros = 0;
        for (float element : y.toFloatArray()) {
            assertTrue(element == 0 || element == 1.25f, "is " + element);
            zeros += element == 0 ? 1 : 0;
        }
        assertEquals(400, zeros, 100);
        assertArrayEquals(y.toFloatArray(), x.grad().toFloatArray());
        assertEquals("MulBackward", y.gradFn().name());
    }

    @Test
    void eachCallDrawsAnew() {
        Tensor x = Tensor.ones(100);
        Dropout dropout = new Dropout();
        assertFalse(java.util.Arrays.equals(
                dropout.apply(x).toFloatArray(), dropout.apply(x).toFloatArray()));
    }

    @Test
    void inEvaluationTheInputItselfComesOut() {
        Tensor x = Tensor.ones(3);
        Dropout dropout = new Dropout();
        dropout.eval();
        Generator.State state = Generator.standard().state();
        assertSame(x, dropout.apply(x));
        assertSame(x, F.dropout(x, 0, true));
        assertEquals(state, Generator.standard().state());
    }

    @Test
    void withProbabilityOneAllIsMultipliedByZero() {
        Tensor x = Tensor.of(new float[] {1, -2, Float.POSITIVE_INFINITY}).requiresGrad(true);
        Tensor y = F.dropout(x, 1, true);
        assertArrayEquals(new float[] {0, -0f, Float.NaN}, y.toFloatArray());
        y.sum().backward();
        assertArrayEquals(new float[] {0, 0, 0}, x.grad().toFloatArray());
    }

    @Test
    void otherProbabilitiesAndIntegersAreRefused() {
        for (double p : new double[] {-0.1, 1.1, Double.NaN}) {
            assertThrows(CapstanException.class, () -> new Dropout(p));
            assertThrows(CapstanException.class, () -> F.dropout(Tensor.ones(2), p, false));
        }
        CapstanException refused =
                assertThrows(CapstanException.class, () -> F.dropout(Tensor.of(new long[] {1}), 0.5, true));
        assertEquals("only floating tensors are scaled", refused.rule());
    }

    @Test
    void modesReachAllModulesInside() {
        Dropout inner = new Dropout();
        Sequential model = new Sequential(new Linear(2, 2), new Sequential(inner));
        assertTrue(model.isTraining() && inner.isTraining());
        model.eval();
        assertFalse(model.isTraining() || inner.isTraining());
        Tensor x = Tensor.ones(1, 2);
        assertArrayEquals(model.apply(x).toFloatArray(), model.apply(x).toFloatArray());
        inner.train();
        assertNotEquals(model.isTraining(), inner.isTraining());
        model.train();
        assertTrue(model.isTraining());
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.capstan.runtime.type.DType;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReductionKernelTest {
    private static final Kernel SAME = Kernel.of(List.of(DType.FLOAT32), List.of(Expr.input(0, DType.FLOAT32)));

    @Test
    void identitiesAreNeutral() {
        assertEquals(0.0, ReductionKernel.identity(Primitive.ADD, DType.FLOAT32));
        assertEquals(1.0, ReductionKernel.identity(Primitive.MUL, DType.INT32));
        assertEquals(Double.NEGATIVE_INFINITY, ReductionKernel.identity(Primitive.MAX, DType.FLOAT64));
        assertEquals(Long.MAX_VALUE, (long) ReductionKernel.identity(Primitive.MIN, DType.INT64));
        assertEquals(Long.MIN_VALUE, (long) ReductionKernel.identity(Primitive.MAX, DType.INT64));
        assertEquals(255.0, ReductionKernel.identity(Primitive.MIN, DType.UINT8));
        assertEquals(1.0, ReductionKernel.identity(Primitive.AND, DType.BOOL));
        assertEquals(-1.0, ReductionKernel.identity(Primitive.AND, DType.INT64));
    }

    @Test
    void onlyTheNeutralElementIsAnIdentity() {
        assertThrows(IllegalArgumentException.class, () -> new ReductionKernel(SAME, Primitive.ADD, -0.0, SAME));
        assertThrows(IllegalArgumentException.class, () -> new ReductionKernel(SAME, Primitive.MAX, 0, SAME));
    }

    @Test
    void partsThatDoNotFitAreRefused() {
        Kernel two = Kernel.of(SAME.inputs(), List.of(Expr.input(0, DType.FLOAT32), Expr.input(0, DType.FLOAT32)));
        Kernel other = Kernel.of(List.of(DType.FLOAT64), List.of(Expr.input(0, DType.FLOAT64)));
        assertThrows(IllegalArgumentException.class, () -> new ReductionKernel(two, Primitive.ADD, 0, SAME));
        assertThrows(IllegalArgumentException.class, () -> new ReductionKernel(SAME, Primitive.ADD, 0, two));
        assertThrows(IllegalArgumentException.class, () -> new ReductionKernel(SAME, Primitive.ADD, 0, other));
        assertThrows(IllegalArgumentException.class, () -> new ReductionKernel(SAME, Primitive.SUB, 0, SAME));
        assertThrows(IllegalArgumentException.class, () -> ReductionKernel.identity(Primitive.AND, DType.FLOAT32));
        assertThrows(IllegalArgumentException.class, () -> ReductionKernel.identity(Primitive.ADD, DType.BOOL));
    }
}

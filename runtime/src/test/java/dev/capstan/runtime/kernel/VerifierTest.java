// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.capstan.runtime.type.DType;
import java.util.List;
import org.junit.jupiter.api.Test;

class VerifierTest {
    private static final Instruction INPUT = new Instruction(Primitive.INPUT, DType.FLOAT32, 0, -1, -1, 0);
    private static final Instruction TRUTH = new Instruction(Primitive.INPUT, DType.BOOL, 1, -1, -1, 0);
    private static final Instruction NUMBER = new Instruction(Primitive.INPUT, DType.INT32, 2, -1, -1, 0);
    private static final List<DType> TYPES = List.of(DType.FLOAT32, DType.BOOL, DType.INT32);

    private static void assertRefused(Primitive primitive, DType type, int a, int b, int c) {
        Instruction step = new Instruction(primitive, type, a, b, c, 0);
        List<Instruction> steps = List.of(INPUT, TRUTH, NUMBER, step);
        assertThrows(IllegalArgumentException.class, () -> new Kernel(TYPES, steps, List.of(3)), step.toString());
    }

    @Test
    void operandsComeEarlierAndAreAsManyAsThePrimitiveTakes() {
        assertRefused(Primitive.ADD, DType.FLOAT32, 0, 3, -1);
        assertRefused(Primitive.ADD, DType.FLOAT32, 0, -1, -1);
        assertRefused(Primitive.ADD, DType.FLOAT32, 0, 0, 0);
        assertRefused(Primitive.INPUT, DType.FLOAT32, 3, -1, -1);
    }

    @Test
    void primitivesGetTypesTheyAreDefinedFor() {
        assertRefused(Primitive.ADD, DType.BOOL, 1, 1, -1);
        assertRefused(Primitive.ADD, DType.FLOAT32, 0, 2, -1);
        assertRefused(Primitive.DIV, DType.INT32, 2, 2, -1);
        assertRefused(Primitive.AND, DType.FLOAT32, 0, 0, -1);
        assertRefused(Primitive.LT, DType.FLOAT32, 0, 0, -1);
        assertRefused(Primitive.SELECT, DType.FLOAT32, 0, 0, 0);
        assertRefused(Primitive.SELECT, DType.FLOAT32, 1, 0, 2);
        assertRefused(Primitive.SHIFT_LEFT, DType.INT32, 2, 2, -1);
        assertRefused(Primitive.REINTERPRET, DType.FLOAT64, 0, -1, -1);
    }

    @Test
    void theMessageNamesTheRuleAndTheStep() {
        Instruction step = new Instruction(Primitive.ADD, DType.BOOL, 0, 0, -1, 0);
        Instruction truth = new Instruction(Primitive.INPUT, DType.BOOL, 0, -1, -1, 0);
        IllegalArgumentException error = assertThrows(
                IllegalArgumentException.class,
                () -> new Kernel(List.of(DType.BOOL), List.of(truth, step), List.of(1)));
        assertEquals("kernel: the primitive is not defined for these types: %1 = %0 + %0 of bool", error.getMessage());
    }
}

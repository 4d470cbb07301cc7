// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.op.Neg;
import dev.capstan.runtime.spi.Walk;
import dev.capstan.runtime.type.CapstanException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The check of a program that gives what this test says it gave. */
class ShadowCheckTest {
    private final Tensor input = Tensor.of(new float[] {1, -2});

    /** {@code -x}, and a write of it over x. */
    private ShadowCheck check() {
        List<Queued> queued = List.of(
                new Queued.Input(0, -1),
                new Queued.Operation(new Neg(), new int[] {0}, false),
                new Queued.Write(0, 1, 0, false, null));
        Inputs inputs = new Inputs();
        inputs.add(input, input.values(), 0, Walk.NONE);
        return new ShadowCheck("region", inputs, queued, List.of(), Node.reserve(3));
    }

    private static NdArray[] given(float... elements) {
        return new NdArray[] {Tensor.of(elements).values()};
    }

    private void write(float... elements) {
        input.copy_(Tensor.of(elements));
    }

    @Test
    void equalBitsPass() {
        ShadowCheck check = check();
        write(-1, 2);
        assertDoesNotThrow(() -> check.compare(new int[] {1}, given(-1, 2)));
    }

    @Test
    void theCheckItselfChangesNothing() {
        check();
        assertEquals(-2, input.toFloatArray()[1]);
    }

    @Test
    void aWrongResultIsAFault() {
        ShadowCheck check = check();
        write(-1, 2);
        CapstanException fault =
                assertThrows(CapstanException.class, () -> check.compare(new int[] {1}, given(-1, 2.0000002f)));
        assertTrue(fault.getMessage().contains("value 1 element 1 is 2.0000002384185"), fault.getMessage());
    }

    @Test
    void aWrongWriteIsAFault() {
        ShadowCheck check = check();
        write(-1, 3);
        CapstanException fault = assertThrows(CapstanException.class, () -> check.compare(new int[] {1}, given(-1, 2)));
        assertTrue(fault.getMessage().contains("input 0 element 1 is 3.0, eagerly 2.0"), fault.getMessage());
    }
}

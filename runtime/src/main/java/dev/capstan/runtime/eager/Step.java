// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.DType;

/**
 * One loop of a {@link BlockProgram}.
 *
 * @param primitive what it computes
 * @param operands the type whose loops do it: that of the operands; of a select, that of the two it selects from
 * @param result the type of the result
 * @param a slot of the first operand; so b and c, which are some slot if there is no such operand
 * @param target slot of the result
 */
record Step(Primitive primitive, DType operands, DType result, int a, int b, int c, int target) {
    /** Computes elements {@code from} to {@code to} (exclusive). */
    void execute(Object[] slots, int from, int to) {
        Object out = slots[target];
        switch (primitive) {
            case CAST -> ConversionLoops.cast(operands, slots[a], result, out, from, to);
            case REINTERPRET -> ConversionLoops.reinterpret(result, slots[a], out, from, to);
            default -> execute(primitive, operands, slots[a], slots[b], slots[c], out, from, to);
        }
    }

    /** Computes elements {@code from} to {@code to} (exclusive) of arrays; those that are not needed are not looked at. */
    static void execute(
            Primitive primitive, DType operands, Object a, Object b, Object c, Object out, int from, int to) {
        switch (operands) {
            case FLOAT32 -> FloatLoops.run(primitive, a, b, c, out, from, to);
            case FLOAT64 -> DoubleLoops.run(primitive, a, b, c, out, from, to);
            case INT64 -> LongLoops.run(primitive, a, b, c, out, from, to);
            case INT32 -> IntLoops.run(primitive, a, b, c, out, from, to);
            case UINT8, BOOL -> ByteLoops.run(primitive, a, b, c, out, from, to);
        }
    }
}

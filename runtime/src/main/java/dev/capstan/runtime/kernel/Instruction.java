// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.kernel;

import dev.capstan.runtime.type.DType;

/**
 * One step of a {@link Kernel}: a primitive on the values of earlier steps.
 *
 * @param primitive what is computed
 * @param type the type of the result
 * @param a index of the first operand's instruction; for an input, its index among the kernel's inputs; else -1
 * @param b index of the second operand's instruction or -1
 * @param c index of the third operand's instruction or -1
 * @param bits a constant's value (see {@link Expr#bits()}), else 0
 */
public record Instruction(Primitive primitive, DType type, int a, int b, int c, long bits) {
    /** The value of a constant as a double. */
    public double constant() {
        return type.isFloating() ? Double.longBitsToDouble(bits) : (double) bits;
    }

    @Override
    public String toString() {
        return switch (primitive) {
            case INPUT -> "in" + a + ":" + type;
            case CONSTANT -> (type.isFloating() ? Double.toString(constant()) : Long.toString(bits)) + ":" + type;
            case CAST, REINTERPRET -> primitive.symbol() + " %" + a + ":" + type;
            default ->
                switch (primitive.arity()) {
                    case 1 -> primitive.symbol() + " %" + a;
                    case 2 -> "%" + a + " " + primitive.symbol() + " %" + b;
                    default -> primitive.symbol() + " %" + a + " %" + b + " %" + c;
                };
        };
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

/**
 * The static type of an expression, variable, parameter or result: a {@link Primitive}, an {@link ArrayType} or a
 * {@link ReferenceType}. Types are names only; no class is ever loaded to build, print or compare one.
 */
public sealed interface Type permits Primitive, ArrayType, ReferenceType {

    /** The descriptor of this type in the class-file format, for instance {@code [F}. */
    String descriptor();

    /** How many local-variable slots a value takes: 0 for void, 2 for long and double, otherwise 1. */
    default int slots() {
        return 1;
    }

    /** The array type with this element type. */
    default ArrayType array() {
        return new ArrayType(this);
    }

    /**
     * Whether a value of type {@code value} may be stored in a variable of this type. Primitive types and arrays of
     * primitives must agree exactly; whether one class extends another is unknown here and left to javac and the JVM.
     */
    default boolean accepts(Type value) {
        if (this instanceof Primitive || value instanceof Primitive) {
            return equals(value);
        }
        if (this instanceof ArrayType left && value instanceof ArrayType right) {
            return left.element().accepts(right.element());
        }
        return true;
    }
}

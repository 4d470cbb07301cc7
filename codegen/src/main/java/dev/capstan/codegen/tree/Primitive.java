// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

/** The primitive types of the tree, and void. Arithmetic is defined on int, long, float and double. */
public enum Primitive implements Type {
    VOID("void", "V", 0),
    BOOLEAN("boolean", "Z", 1),
    BYTE("byte", "B", 1),
    INT("int", "I", 1),
    LONG("long", "J", 2),
    FLOAT("float", "F", 1),
    DOUBLE("double", "D", 2);

    private final String keyword;
    private final String descriptor;
    private final int slots;

    Primitive(String keyword, String descriptor, int slots) {
        this.keyword = keyword;
        this.descriptor = descriptor;
        this.slots = slots;
    }

    @Override
    public String descriptor() {
        return descriptor;
    }

    @Override
    public int slots() {
        return slots;
    }

    /** Whether a value is a number: byte, int, long, float or double. */
    public boolean isNumeric() {
        return ordinal() >= BYTE.ordinal();
    }

    boolean isArithmetic() {
        return ordinal() >= INT.ordinal();
    }

    boolean isIntegral() {
        return this == INT || this == LONG;
    }

    boolean isFloating() {
        return this == FLOAT || this == DOUBLE;
    }

    @Override
    public String toString() {
        return keyword;
    }
}

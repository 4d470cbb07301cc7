// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import static java.util.Objects.requireNonNull;

/**
 * An array type.
 *
 * @param element the element type, not void
 */
public record ArrayType(Type element) implements Type {

    public ArrayType {
        requireNonNull(element, "element");
        if (element == Primitive.VOID) {
            throw new IllegalArgumentException("array type: an element cannot be void: void[]");
        }
    }

    @Override
    public String descriptor() {
        return "[" + element.descriptor();
    }

    @Override
    public String toString() {
        return element + "[]";
    }
}

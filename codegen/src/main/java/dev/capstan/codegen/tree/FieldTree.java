// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import static java.util.Objects.requireNonNull;

/**
 * A static final field of a generated class. C2 folds it, which is why species and the like live in one.
 *
 * @param name its name, starting with an upper-case letter
 * @param type its type
 * @param initialiser its value, computed when the class is initialised; it names no variable
 */
public record FieldTree(String name, Type type, Expression initialiser) {

    public FieldTree {
        Names.requireField(name);
        requireNonNull(type, "type");
        requireNonNull(initialiser, "initialiser");
        if (!type.accepts(initialiser.type())) {
            throw new IllegalArgumentException(
                    "field: initialiser type differs: " + type + " " + name + " = " + initialiser.type());
        }
        new MethodVerifier("field " + name).checkIsClosed(initialiser);
    }
}

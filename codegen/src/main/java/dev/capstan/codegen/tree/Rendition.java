// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import static java.util.Objects.requireNonNull;

/** The Java source of a generated class, and the line on which each of its fields and statements stands. */
public final class Rendition {
    private final ReferenceType type;
    private final String text;
    private final int[] lines;

    Rendition(ReferenceType type, String text, int[] lines) {
        this.type = requireNonNull(type, "type");
        this.text = requireNonNull(text, "text");
        this.lines = lines;
    }

    /** The class that it renders. */
    public ReferenceType type() {
        return type;
    }

    /** The source, a complete compilation unit. */
    public String text() {
        return text;
    }

    /** The conventional name of the source file, without folders. */
    public String fileName() {
        return type.className() + ".java";
    }

    /** The 1-based line of the field or statement with this index, counted as the printers visit them. */
    int line(int index) {
        return lines[index];
    }
}

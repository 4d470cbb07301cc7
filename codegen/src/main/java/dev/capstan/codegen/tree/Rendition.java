// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import static java.util.Objects.requireNonNull;

/**
 * The Java source of a generated class, and the line on which each of its fields and statements stands. The text is
 * printed when it is first asked for, which for most classes is never.
 */
public final class Rendition {
    private final ClassTree tree;
    private final int[] lines;
    private volatile String text;

    Rendition(ClassTree tree) {
        this.tree = requireNonNull(tree, "tree");
        this.lines = LineLayout.of(tree);
    }

    /** The class that it renders. */
    public ReferenceType type() {
        return tree.type();
    }

    /** The source, a complete compilation unit. */
    public String text() {
        String result = text;
        if (result == null) {
            result = new JavaPrinter(tree).text();
            text = result;
        }
        return result;
    }

    /** The conventional name of the source file, without folders. */
    public String fileName() {
        return type().className() + ".java";
    }

    /** The 1-based line of the field or statement with this index, counted as the printers visit them. */
    int line(int index) {
        return lines[index];
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

/**
 * Numbered marks that are printed with the source and then taken out again, which is how the line of each statement is
 * known although JavaPoet decides about imports and layout.
 */
final class LineMarks {
    // control characters, which no printed Java text contains: string constants are escaped
    private static final char OPEN = '\1';
    private static final char CLOSE = '\2';

    private int count;

    /** The mark of the next field or statement. */
    String next() {
        return OPEN + Integer.toString(count++) + CLOSE;
    }

    /** Removes the marks and notes where they stood. */
    Rendition resolve(ReferenceType type, String marked) {
        StringBuilder text = new StringBuilder(marked.length());
        int[] lines = new int[count];
        int line = 1;
        for (int i = 0; i < marked.length(); i++) {
            char c = marked.charAt(i);
            if (c == OPEN) {
                int close = marked.indexOf(CLOSE, i);
                lines[Integer.parseInt(marked, i + 1, close, 10)] = line;
                i = close;
            } else {
                line += c == '\n' ? 1 : 0;
                text.append(c);
            }
        }
        return new Rendition(type, text.toString(), lines);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.io;

import dev.capstan.runtime.type.CapstanException;
import java.io.IOException;
import java.nio.file.Path;

/** What is wrong with a file, as one line that names it and the rule it breaks. */
final class Fault {
    private static final int LONGEST = 200;

    private Fault() {}

    static CapstanException in(Path file, String rule, String what) {
        return new CapstanException("safetensors", rule, line(file.toString()) + " (" + what + ")");
    }

    static CapstanException in(Path file, String rule, Exception cause) {
        boolean anonymous = cause.getClass() == IOException.class && cause.getMessage() != null;
        String what = anonymous ? line(cause.getMessage()) : cause.getClass().getSimpleName();
        return new CapstanException("safetensors", rule, line(file.toString()) + " (" + what + ")", cause);
    }

    /** Text of unknown origin on one line of moderate length. */
    static String line(String text) {
        StringBuilder line = new StringBuilder();
        text.codePoints().limit(LONGEST).forEach(c -> line.appendCodePoint(isPrintable(c) ? c : '?'));
        return line.append(text.codePoints().skip(LONGEST).findAny().isPresent() ? "..." : "")
                .toString();
    }

    private static boolean isPrintable(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SURROGATE ->
                false;
            default -> true;
        };
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import static java.util.Objects.requireNonNull;

import java.util.Set;

/** Which names both the class file and the Java rendition can carry. */
final class Names {
    private static final Set<String> RESERVED = Set.of(
            "abstract",
            "assert",
            "boolean",
            "break",
            "byte",
            "case",
            "catch",
            "char",
            "class",
            "const",
            "continue",
            "default",
            "do",
            "double",
            "else",
            "enum",
            "extends",
            "final",
            "finally",
            "float",
            "for",
            "goto",
            "if",
            "implements",
            "import",
            "instanceof",
            "int",
            "interface",
            "long",
            "native",
            "new",
            "package",
            "private",
            "protected",
            "public",
            "return",
            "short",
            "static",
            "strictfp",
            "super",
            "switch",
            "synchronized",
            "this",
            "throw",
            "throws",
            "transient",
            "try",
            "void",
            "volatile",
            "while",
            "true",
            "false",
            "null",
            "_");

    private Names() {}

    static void requireIdentifier(String role, String name) {
        requireNonNull(name, role);
        boolean identifier = !name.isEmpty() && Character.isJavaIdentifierStart(name.charAt(0));
        for (int i = 1; identifier && i < name.length(); i++) {
            identifier = Character.isJavaIdentifierPart(name.charAt(i));
        }
        if (!identifier || RESERVED.contains(name)) {
            throw new IllegalArgumentException(role + ": not a Java identifier: \"" + name + "\"");
        }
    }

    /** A variable starts with a lower-case letter, so that it can never hide a class or a field in the rendition. */
    static void requireVariable(String name) {
        requireIdentifier("variable", name);
        if (!Character.isLowerCase(name.charAt(0))) {
            throw new IllegalArgumentException("variable: must start with a lower-case letter: \"" + name + "\"");
        }
    }

    /** A field starts with an upper-case letter, so that no variable can hide it in the rendition. */
    static void requireField(String name) {
        requireIdentifier("field", name);
        if (!Character.isUpperCase(name.charAt(0))) {
            throw new IllegalArgumentException("field: must start with an upper-case letter: \"" + name + "\"");
        }
    }
}

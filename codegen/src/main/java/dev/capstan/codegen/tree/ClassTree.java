// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A public final class to generate. With instance methods it has a public constructor without parameters.
 *
 * @param type its name, without type arguments; it is not a nested class
 * @param comment what the rendition shows above it; may be empty
 * @param interfaces the interfaces that its instance methods implement
 * @param fields its static final fields, initialised in this order
 * @param methods its methods
 */
public record ClassTree(
        ReferenceType type,
        String comment,
        List<ReferenceType> interfaces,
        List<FieldTree> fields,
        List<MethodTree> methods) {

    public ClassTree {
        requireNonNull(type, "type");
        requireNonNull(comment, "comment");
        interfaces = List.copyOf(interfaces);
        fields = List.copyOf(fields);
        methods = List.copyOf(methods);
        if (type.binaryName().indexOf('$') >= 0 || !type.arguments().isEmpty()) {
            throw new IllegalArgumentException("class: neither nested nor generic: " + type);
        }
        Set<String> members = new HashSet<>();
        fields.forEach(field -> requireNew(members, field.name()));
        methods.forEach(method -> requireNew(members, method.name() + method.descriptor()));
    }

    private static void requireNew(Set<String> members, String member) {
        if (!members.add(member)) {
            throw new IllegalArgumentException("class: member declared twice: " + member);
        }
    }

    /** Begins a class with a binary name. */
    public static Builder named(String binaryName) {
        return new Builder(ReferenceType.of(binaryName));
    }

    /** How to call the static method of that name, which must be the only one of that name. */
    public Callee callee(String method) {
        List<MethodTree> found = methods.stream()
                .filter(tree -> tree.isStatic() && tree.name().equals(method))
                .toList();
        if (found.size() != 1) {
            throw new IllegalArgumentException(
                    "class: static methods of that name: " + type + "." + method + " (" + found.size() + ")");
        }
        return found.get(0).callee(type);
    }

    /** Collects a class's parts. */
    public static final class Builder {
        private final ReferenceType type;
        private final List<ReferenceType> interfaces = new ArrayList<>();
        private final List<FieldTree> fields = new ArrayList<>();
        private final List<MethodTree> methods = new ArrayList<>();
        private String comment = "";

        private Builder(ReferenceType type) {
            this.type = type;
        }

        /** The class being built. */
        public ReferenceType type() {
            return type;
        }

        /** Sets what the rendition shows above the class. */
        public Builder comment(String text) {
            comment = text;
            return this;
        }

        public Builder implementing(ReferenceType type) {
            interfaces.add(type);
            return this;
        }

        /** Adds a static final field and gives the expression that reads it. */
        public Expression.StaticField field(String name, Type fieldType, Expression initialiser) {
            fields.add(new FieldTree(name, fieldType, initialiser));
            return new Expression.StaticField(type, name, fieldType);
        }

        public Builder method(MethodTree method) {
            methods.add(method);
            return this;
        }

        public ClassTree build() {
            return new ClassTree(type, comment, interfaces, fields, methods);
        }
    }
}

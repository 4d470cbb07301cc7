// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import static java.util.Objects.requireNonNull;

import dev.capstan.codegen.tree.Expression.Local;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A public method of a generated class. One that exists is well-formed: every variable is declared before use and
 * once, results have the result type, no statement is unreachable, and the end of a method with a result is not
 * reached.
 *
 * @param name its name
 * @param comment a line or more that the rendition shows above it; may be empty
 * @param isStatic whether it is static; an instance method implements one of the class's interfaces
 * @param result its result type
 * @param parameters its parameters in order
 * @param body its statements
 */
public record MethodTree(
        String name, String comment, boolean isStatic, Type result, List<Local> parameters, List<Statement> body) {

    public MethodTree {
        Names.requireIdentifier("method", name);
        requireNonNull(comment, "comment");
        requireNonNull(result, "result");
        parameters = List.copyOf(parameters);
        body = List.copyOf(body);
        new MethodVerifier("method " + name).check(result, parameters, body);
    }

    /** Begins a static method. */
    public static Builder named(String name) {
        return new Builder(name);
    }

    /** The descriptor in the class-file format. */
    public String descriptor() {
        return Callee.descriptor(result, parameterTypes());
    }

    /** How to call it as a static method of a class. */
    public Callee callee(ReferenceType owner) {
        if (!isStatic) {
            throw new IllegalArgumentException("method: not static: " + name);
        }
        return new Callee(Callee.Kind.STATIC, owner, name, result, parameterTypes());
    }

    List<Type> parameterTypes() {
        return parameters.stream().map(Local::type).toList();
    }

    /** Collects a method's parts. */
    public static final class Builder {
        private final String name;
        private final Set<String> names = new HashSet<>();
        private final List<Local> parameters = new ArrayList<>();
        private final BlockBuilder body = new BlockBuilder(names);
        private String comment = "";
        private boolean isStatic = true;
        private Type result = Primitive.VOID;

        private Builder(String name) {
            this.name = name;
        }

        /** Sets what the rendition shows above the method. */
        public Builder comment(String text) {
            comment = text;
            return this;
        }

        /** Makes it an instance method, which implements a method of one of the class's interfaces. */
        public Builder instance() {
            isStatic = false;
            return this;
        }

        /** Sets the result type, void unless set. */
        public Builder result(Type type) {
            result = type;
            return this;
        }

        /** Appends a parameter. */
        public Local parameter(String parameterName, Type type) {
            Local parameter = new Local(parameterName, type);
            names.add(parameterName);
            parameters.add(parameter);
            return parameter;
        }

        /** The statements. */
        public BlockBuilder body() {
            return body;
        }

        public MethodTree build() {
            return new MethodTree(name, comment, isStatic, result, parameters, body.statements());
        }
    }
}

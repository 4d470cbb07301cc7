// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A method or constructor that a tree can call, by owner, name and types; it need not exist yet.
 *
 * @param kind how it is invoked
 * @param owner the class or interface that declares it
 * @param name its name; {@code <init>} for a constructor
 * @param result its result type, erased; the owner for a constructor
 * @param parameters its parameter types, erased, without the receiver
 */
public record Callee(Kind kind, ReferenceType owner, String name, Type result, List<Type> parameters) {

    /** The forms of invocation. */
    public enum Kind {
        /** A static method of a class. */
        STATIC,
        /** A static method of an interface. */
        INTERFACE_STATIC,
        /** An instance method of a class. */
        VIRTUAL,
        /** An instance method of an interface. */
        INTERFACE,
        /** A constructor; the call is the new object. */
        CONSTRUCTOR
    }

    public Callee {
        requireNonNull(kind, "kind");
        requireNonNull(owner, "owner");
        requireNonNull(result, "result");
        if (kind != Kind.CONSTRUCTOR) {
            Names.requireIdentifier("method", name);
        }
        parameters = List.copyOf(parameters);
    }

    public static Callee ofStatic(ReferenceType owner, String name, Type result, Type... parameters) {
        return new Callee(Kind.STATIC, owner, name, result, List.of(parameters));
    }

    public static Callee ofInterfaceStatic(ReferenceType owner, String name, Type result, Type... parameters) {
        return new Callee(Kind.INTERFACE_STATIC, owner, name, result, List.of(parameters));
    }

    public static Callee ofVirtual(ReferenceType owner, String name, Type result, Type... parameters) {
        return new Callee(Kind.VIRTUAL, owner, name, result, List.of(parameters));
    }

    public static Callee ofInterface(ReferenceType owner, String name, Type result, Type... parameters) {
        return new Callee(Kind.INTERFACE, owner, name, result, List.of(parameters));
    }

    public static Callee ofConstructor(ReferenceType owner, Type... parameters) {
        return new Callee(Kind.CONSTRUCTOR, owner, "<init>", owner, List.of(parameters));
    }

    /** Whether the first argument of a call is the object it is invoked on. */
    public boolean hasReceiver() {
        return kind == Kind.VIRTUAL || kind == Kind.INTERFACE;
    }

    /** The call with these arguments, the receiver first where there is one. */
    public Expression.Call call(Expression... arguments) {
        return new Expression.Call(this, List.of(arguments));
    }

    /** The call with these arguments, the receiver first where there is one. */
    public Expression.Call call(List<? extends Expression> arguments) {
        return new Expression.Call(this, List.copyOf(arguments));
    }

    /** The descriptor in the class-file format, for instance {@code ([FI)V}. */
    public String descriptor() {
        return descriptor(kind == Kind.CONSTRUCTOR ? Primitive.VOID : result, parameters);
    }

    static String descriptor(Type result, List<Type> parameters) {
        return parameters.stream().map(Type::descriptor).collect(Collectors.joining("", "(", ")"))
                + result.descriptor();
    }

    @Override
    public String toString() {
        return owner + "." + name + parameters.stream().map(Type::toString).collect(Collectors.joining(",", "(", ")"));
    }
}

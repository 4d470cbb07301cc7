// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import static java.util.Objects.requireNonNull;

import dev.capstan.codegen.tree.Rendition;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/** A class that was generated and defined, with what people want to see of it. */
public final class GeneratedClass {
    private final MethodHandles.Lookup lookup;
    private final Rendition rendition;
    private final byte[] bytes;

    GeneratedClass(MethodHandles.Lookup lookup, Rendition rendition, byte[] bytes) {
        this.lookup = requireNonNull(lookup, "lookup");
        this.rendition = requireNonNull(rendition, "rendition");
        this.bytes = bytes;
    }

    /** The class itself. */
    public Class<?> type() {
        return lookup.lookupClass();
    }

    /** Its Java rendition. */
    public Rendition rendition() {
        return rendition;
    }

    /** A copy of its class file. */
    public byte[] bytes() {
        return bytes.clone();
    }

    /** The size of its class file, in bytes. */
    public int size() {
        return bytes.length;
    }

    /** A handle of one of its static methods. */
    public MethodHandle staticMethod(String name, MethodType methodType) {
        try {
            return lookup.findStatic(type(), name, methodType);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException("generated class: no such method: " + name + methodType, e);
        }
    }

    /** A new instance of a class with instance methods, as the interface that it implements. */
    public <T> T newInstance(Class<T> contract) {
        try {
            return contract.cast(lookup.findConstructor(type(), MethodType.methodType(void.class))
                    .asType(MethodType.methodType(Object.class))
                    .invokeExact());
        } catch (Error | RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalArgumentException("generated class: cannot be instantiated: " + type().getName(), e);
        }
    }
}

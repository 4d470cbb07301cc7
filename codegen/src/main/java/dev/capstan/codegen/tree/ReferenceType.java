// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * A class or interface, by name.
 *
 * @param binaryName its binary name, for instance {@code java.util.Map$Entry}
 * @param arguments its type arguments; they appear in the Java rendition and are erased in the class file
 */
public record ReferenceType(String binaryName, List<ReferenceType> arguments) implements Type {

    /** {@code java.lang.Object}. */
    public static final ReferenceType OBJECT = of("java.lang.Object");

    /** {@code java.lang.String}. */
    public static final ReferenceType STRING = of("java.lang.String");

    public ReferenceType {
        requireNonNull(binaryName, "binaryName");
        for (String part : binaryName.split("[.$]", -1)) {
            Names.requireIdentifier("class name", part);
        }
        arguments = List.copyOf(arguments);
    }

    public static ReferenceType of(String binaryName, ReferenceType... arguments) {
        return new ReferenceType(binaryName, List.of(arguments));
    }

    /** The package, empty for the unnamed one. */
    public String packageName() {
        int dot = binaryName.lastIndexOf('.');
        return dot < 0 ? "" : binaryName.substring(0, dot);
    }

    /** The name without the package; nested classes keep their dollar signs. */
    public String className() {
        return binaryName.substring(binaryName.lastIndexOf('.') + 1);
    }

    /** The name in the class-file format, for instance {@code java/util/Map$Entry}. */
    public String internalName() {
        return binaryName.replace('.', '/');
    }

    /** Equality ignores type arguments, as the class file does. */
    @Override
    public boolean equals(Object other) {
        return other instanceof ReferenceType that && binaryName.equals(that.binaryName);
    }

    @Override
    public int hashCode() {
        return binaryName.hashCode();
    }

    @Override
    public String descriptor() {
        return "L" + internalName() + ";";
    }

    @Override
    public String toString() {
        return binaryName;
    }
}

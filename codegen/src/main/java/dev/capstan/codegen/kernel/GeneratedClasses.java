// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import static java.util.Objects.requireNonNull;

import dev.capstan.codegen.tree.BytecodePrinter;
import dev.capstan.codegen.tree.Callee;
import dev.capstan.codegen.tree.ClassTree;
import dev.capstan.codegen.tree.JavaPrinter;
import dev.capstan.codegen.tree.MethodTree;
import dev.capstan.codegen.tree.ReferenceType;
import dev.capstan.codegen.tree.Rendition;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where generated classes are defined: one class loader, one package. Shared kernels are ordinary classes with names,
 * which every other generated class can call by {@code invokestatic}; they stay for the life of the process. A program is
 * a hidden class, which can call named ones, is named by none, and is unloaded when its last user lets go of it.
 *
 * <p>With the system property {@code capstan.debug=true} programs are named classes too, each in a loader of its own, so
 * that stack traces, profilers and debuggers show them.
 */
public final class GeneratedClasses {
    /** The package of all generated classes. */
    public static final String PACKAGE = "dev.capstan.generated";

    private static final GeneratedClasses SHARED = new GeneratedClasses();

    private final Loader loader = new Loader(GeneratedClasses.class.getClassLoader());
    private final Map<String, GeneratedClass> named = new LinkedHashMap<>();
    private final MethodHandles.Lookup anchor;
    private final boolean debug = Boolean.getBoolean("capstan.debug");

    private GeneratedClasses() {
        export(GeneratedClasses.class.getPackageName());
        anchor = anchorIn(loader);
    }

    /** The ones of this process. */
    public static GeneratedClasses shared() {
        return SHARED;
    }

    /**
     * Lets generated classes link to the public types of a package of this module, which is not exported otherwise.
     *
     * @param packageName a package of the module {@code dev.capstan.codegen}
     */
    public void export(String packageName) {
        Module module = GeneratedClasses.class.getModule();
        if (module.isNamed()) {
            module.addExports(packageName, loader.getUnnamedModule());
        }
    }

    /**
     * Defines a class with a name, for good.
     *
     * @throws IllegalArgumentException if it is in another package, or the name is taken
     */
    public synchronized GeneratedClass define(ClassTree tree) {
        requirePackage(tree);
        String name = tree.type().binaryName();
        if (named.containsKey(name)) {
            throw new IllegalArgumentException("generated classes: name is taken: " + name);
        }
        GeneratedClass result = defineIn(loader, tree);
        named.put(name, result);
        return result;
    }

    /**
     * Defines a program: a hidden class, whose name in the tree need not be unique.
     *
     * @throws IllegalArgumentException if it is in another package
     */
    public GeneratedClass defineProgram(ClassTree tree) {
        requirePackage(tree);
        if (debug) {
            return defineIn(new Loader(loader), tree);
        }
        Rendition rendition = JavaPrinter.print(tree);
        byte[] bytes = BytecodePrinter.print(tree, rendition);
        try {
            return new GeneratedClass(anchor.defineHiddenClass(bytes, true), rendition, bytes);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException("generated classes: the anchor has lost its access", e);
        }
    }

    /** The classes with names, in the order of their definition. */
    public synchronized List<GeneratedClass> named() {
        return List.copyOf(named.values());
    }

    private static void requirePackage(ClassTree tree) {
        if (!requireNonNull(tree, "tree").type().packageName().equals(PACKAGE)) {
            throw new IllegalArgumentException("generated classes: must be in " + PACKAGE + ": " + tree.type());
        }
    }

    private static GeneratedClass defineIn(Loader loader, ClassTree tree) {
        Rendition rendition = JavaPrinter.print(tree);
        byte[] bytes = BytecodePrinter.print(tree, rendition);
        Class<?> type = loader.define(tree.type().binaryName(), bytes);
        // everything generated is public, so no more than public access is needed
        return new GeneratedClass(MethodHandles.publicLookup().in(type), rendition, bytes);
    }

    /** A lookup with full access to the package: only a class in it can make one. */
    private static MethodHandles.Lookup anchorIn(Loader loader) {
        ReferenceType lookups = ReferenceType.of("java.lang.invoke.MethodHandles");
        ReferenceType lookup = ReferenceType.of("java.lang.invoke.MethodHandles$Lookup");
        MethodTree.Builder method = MethodTree.named("lookup").result(lookup);
        method.body().returns(Callee.ofStatic(lookups, "lookup", lookup).call());
        ClassTree tree =
                ClassTree.named(PACKAGE + ".Anchor").method(method.build()).build();
        GeneratedClass type = defineIn(loader, tree);
        try {
            return (MethodHandles.Lookup) type.staticMethod("lookup", MethodType.methodType(MethodHandles.Lookup.class))
                    .invokeExact();
        } catch (Error | RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("generated classes: the anchor gives no lookup", e);
        }
    }

    /** Finds what this module and its dependencies see, and holds what is generated. */
    private static final class Loader extends ClassLoader {
        Loader(ClassLoader parent) {
            super("capstan", parent);
        }

        Class<?> define(String name, byte[] bytes) {
            return defineClass(name, bytes, 0, bytes.length);
        }
    }
}

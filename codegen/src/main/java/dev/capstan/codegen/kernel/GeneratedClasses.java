// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import static java.util.Objects.requireNonNull;

import dev.capstan.codegen.tree.BytecodePrinter;
import dev.capstan.codegen.tree.ClassTree;
import dev.capstan.codegen.tree.JavaPrinter;
import dev.capstan.codegen.tree.Rendition;
import java.lang.invoke.MethodHandles;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;

/**
 * Where generated classes are defined: in one package, each with a name, in a class loader of its own. A program calls its
 * kernels by {@code invokestatic}; its loader knows them by name, and nothing else of what is generated. So a class lives
 * as long as somebody uses it: a kernel as long as it is remembered or a program calls it, a program as long as its last
 * user. Stack traces, profilers and debuggers show all of them.
 */
public final class GeneratedClasses {
    /** The package of all generated classes. */
    public static final String PACKAGE = "dev.capstan.generated";

    private static final GeneratedClasses SHARED = new GeneratedClasses();

    private final Set<String> exports = new CopyOnWriteArraySet<>();

    private GeneratedClasses() {
        export(GeneratedClasses.class.getPackageName());
    }

    /** The ones of this process. */
    public static GeneratedClasses shared() {
        return SHARED;
    }

    /**
     * Lets classes that are defined from now on link to the public types of a package of this module, which is not exported
     * otherwise.
     *
     * @param packageName a package of the module {@code dev.capstan.codegen}
     */
    public void export(String packageName) {
        exports.add(packageName);
    }

    /**
     * Defines a class that calls no other generated class.
     *
     * @throws IllegalArgumentException if it is in another package
     */
    public GeneratedClass define(ClassTree tree) {
        return define(tree, List.of());
    }

    /**
     * Defines a class.
     *
     * @param callees the generated classes that it calls; their names differ
     * @throws IllegalArgumentException if it is in another package
     */
    public GeneratedClass define(ClassTree tree, Collection<GeneratedClass> callees) {
        if (!requireNonNull(tree, "tree").type().packageName().equals(PACKAGE)) {
            throw new IllegalArgumentException("generated classes: must be in " + PACKAGE + ": " + tree.type());
        }
        Loader loader = new Loader(callees);
        Module module = GeneratedClasses.class.getModule();
        if (module.isNamed()) {
            exports.forEach(name -> module.addExports(name, loader.getUnnamedModule()));
        }
        Rendition rendition = JavaPrinter.print(tree);
        byte[] bytes = BytecodePrinter.print(tree, rendition);
        Class<?> type = loader.define(tree.type().binaryName(), bytes);
        // everything generated is public, so no more than public access is needed
        return new GeneratedClass(MethodHandles.publicLookup().in(type), rendition, bytes);
    }

    /** Finds what this module and its dependencies see, and the callees of the one class that it holds. */
    private static final class Loader extends ClassLoader {
        private final Map<String, Class<?>> callees = new HashMap<>();

        Loader(Collection<GeneratedClass> callees) {
            super("capstan", GeneratedClasses.class.getClassLoader());
            callees.forEach(callee -> this.callees.put(callee.type().getName(), callee.type()));
        }

        Class<?> define(String name, byte[] bytes) {
            return defineClass(name, bytes, 0, bytes.length);
        }

        /** The parent remembers for ever each name that it was asked for, so it is asked for none of a generated class. */
        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            Class<?> callee = callees.get(name);
            return callee == null ? super.loadClass(name, resolve) : callee;
        }
    }
}

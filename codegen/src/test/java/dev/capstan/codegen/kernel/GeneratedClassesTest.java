// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import static dev.capstan.codegen.tree.Expression.constant;
import static dev.capstan.codegen.tree.Primitive.INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.capstan.codegen.tree.Callee;
import dev.capstan.codegen.tree.ClassTree;
import dev.capstan.codegen.tree.Expression.Local;
import dev.capstan.codegen.tree.MethodTree;
import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.lang.ref.WeakReference;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("everywhere")
class GeneratedClassesTest {
    private static final MethodType INT_TO_INT = MethodType.methodType(int.class, int.class);

    private static ClassTree kernel(String name) {
        MethodTree.Builder method = MethodTree.named("twice").result(INT);
        Local x = method.parameter("x", INT);
        method.body().returns(x.times(2));
        return ClassTree.named(name).method(method.build()).build();
    }

    private static ClassTree driver(Callee kernel) {
        MethodTree.Builder method = MethodTree.named("run").result(INT);
        Local x = method.parameter("x", INT);
        method.body().returns(kernel.call(x).plus(constant(1)));
        return ClassTree.named(GeneratedClasses.PACKAGE + ".Driver")
                .method(method.build())
                .build();
    }

    @Test
    void programsCallTheirKernelsByName() throws Throwable {
        ClassTree kernel = kernel(GeneratedClasses.PACKAGE + ".Doubling");
        GeneratedClass defined = GeneratedClasses.shared().define(kernel);
        assertEquals("dev.capstan.generated.Doubling", defined.type().getName());
        for (int i = 0; i < 2; i++) {
            GeneratedClass program = GeneratedClasses.shared().define(driver(kernel.callee("twice")), List.of(defined));
            MethodHandle run = program.staticMethod("run", INT_TO_INT);
            assertEquals(15, (int) run.invokeExact(7));
            assertTrue(program.rendition().text().contains("return Doubling.twice(x) + 1;"));
        }
    }

    @Test
    void kernelLivesAsLongAsAProgramThatCallsIt() throws Throwable {
        ClassTree kernel = kernel(GeneratedClasses.PACKAGE + ".Lasting");
        GeneratedClass defined = GeneratedClasses.shared().define(kernel);
        WeakReference<Class<?>> type = new WeakReference<>(defined.type());
        GeneratedClass program = GeneratedClasses.shared().define(driver(kernel.callee("twice")), List.of(defined));
        defined = null;
        for (int i = 0; i < 5; i++) {
            System.gc();
        }
        assertEquals(15, (int) program.staticMethod("run", INT_TO_INT).invokeExact(7));
        assertTrue(type.get() != null);
        program = null;
        for (int i = 0; i < 50 && type.get() != null; i++) {
            System.gc();
            Thread.sleep(20);
        }
        assertTrue(type.get() == null, "unloaded");
    }

    /** Loads this project's classes once more, and remembers what it was asked for. */
    private static final class Asked extends ClassLoader {
        private final Set<String> names = new HashSet<>();

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            names.add(name);
            Class<?> loaded = findLoadedClass(name);
            if (loaded != null || !name.startsWith("dev.capstan.codegen.")) {
                return loaded != null ? loaded : super.loadClass(name, resolve);
            }
            try (InputStream file = getResourceAsStream(name.replace('.', '/') + ".class")) {
                byte[] bytes = file.readAllBytes();
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }

    /** What {@link #theParentIsAskedForNoGeneratedClass()} runs in another class loader. */
    static final class Calling implements Callable<Integer> {
        @Override
        public Integer call() {
            ClassTree kernel = kernel(GeneratedClasses.PACKAGE + ".Called");
            GeneratedClass defined = GeneratedClasses.shared().define(kernel);
            GeneratedClass program = GeneratedClasses.shared().define(driver(kernel.callee("twice")), List.of(defined));
            try {
                return (int) program.staticMethod("run", INT_TO_INT).invokeExact(7);
            } catch (Throwable e) {
                throw new AssertionError(e);
            }
        }
    }

    @Test
    void theParentIsAskedForNoGeneratedClass() throws Exception {
        Asked parent = new Asked();
        var constructor = parent.loadClass(Calling.class.getName()).getDeclaredConstructor();
        constructor.setAccessible(true);
        assertEquals(15, ((Callable<?>) constructor.newInstance()).call());
        assertTrue(parent.names.contains(GeneratedClasses.class.getName()));
        assertEquals(
                List.of(),
                parent.names.stream()
                        .filter(name -> name.startsWith(GeneratedClasses.PACKAGE))
                        .toList());
    }

    @Test
    void allLieInOnePackage() {
        assertEquals(
                "generated classes: must be in dev.capstan.generated: elsewhere.Kernel",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> GeneratedClasses.shared().define(kernel("elsewhere.Kernel")))
                        .getMessage());
    }

    @Test
    void forgottenProgramsAreUnloaded() throws InterruptedException {
        WeakReference<Class<?>> program = new WeakReference<>(GeneratedClasses.shared()
                .define(kernel(GeneratedClasses.PACKAGE + ".Forgotten"))
                .type());
        for (int i = 0; i < 50 && program.get() != null; i++) {
            System.gc();
            Thread.sleep(20);
        }
        assertFalse(program.get() != null);
    }
}

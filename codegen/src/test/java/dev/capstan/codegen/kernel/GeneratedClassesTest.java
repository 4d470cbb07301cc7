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
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.lang.ref.WeakReference;
import java.util.List;
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

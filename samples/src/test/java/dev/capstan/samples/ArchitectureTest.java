// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The order between modules, and between the packages of a module. */
final class ArchitectureTest {
    private static final String ROOT = "dev.capstan";

    /** Packages in order: each may use those before it. */
    private static final List<String> RUNTIME =
            packages("runtime", "type", "memory", "kernel", "op", "spi", "parallel", "eager", "abi");

    private static final List<String> FRONTEND =
            List.of(ROOT, ROOT + ".autograd", ROOT + ".nn", ROOT + ".optim", ROOT + ".io");
    private static final List<String> TRACER = packages("tracer", "graph", "rewrite", "form", "schedule", "capture");
    private static final List<String> CODEGEN = packages("codegen", "tree", "kernel", "fusion", "inspect", "program");
    private static final List<String> SAMPLES = List.of(ROOT + ".samples.programs", ROOT + ".samples");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(location -> !location.contains(ArchitectureTest.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .getPath()))
            .importPackages(ROOT);

    private static List<String> packages(String module, String... names) {
        return Stream.of(names).map(name -> ROOT + "." + module + "." + name).toList();
    }

    @Test
    void everyPackageHasItsPlace() {
        Set<String> known = Stream.of(RUNTIME, FRONTEND, TRACER, CODEGEN, SAMPLES)
                .flatMap(List::stream)
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> found = CLASSES.stream()
                .filter(type -> !type.getSimpleName().equals("package-info"))
                .map(JavaClass::getPackageName)
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(known, found);
    }

    @Test
    void runtimeUsesNoOtherModule() {
        assertOrder(RUNTIME, List.of());
    }

    @Test
    void frontendUsesTheRuntimeOnly() {
        assertOrder(FRONTEND, RUNTIME);
    }

    @Test
    void tracerUsesTheRuntimeOnly() {
        assertOrder(TRACER, RUNTIME);
    }

    @Test
    void codegenUsesTracerAndRuntime() {
        assertOrder(CODEGEN, concat(RUNTIME, TRACER));
    }

    @Test
    void samplesReachTheCompilerThroughTheFrontendOnly() {
        assertOrder(SAMPLES, concat(RUNTIME, FRONTEND));
    }

    @Test
    void packagesAreFreeOfCycles() {
        slices().matching(ROOT + ".(**)").should().beFreeOfCycles().check(CLASSES);
    }

    private static List<String> concat(List<String> first, List<String> second) {
        return Stream.of(first, second).flatMap(List::stream).toList();
    }

    private static void assertOrder(List<String> order, List<String> below) {
        List<String> allowed = new ArrayList<>(below);
        List<String> violations = new ArrayList<>();
        for (String name : order) {
            allowed.add(name);
            for (JavaClass type : CLASSES.that(in(name))) {
                for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                    String target =
                            dependency.getTargetClass().getBaseComponentType().getPackageName();
                    boolean ours = target.equals(ROOT) || target.startsWith(ROOT + ".");
                    if (ours && !allowed.contains(target)) {
                        violations.add(dependency.getDescription());
                    }
                }
            }
        }
        assertEquals(List.of(), violations);
    }

    private static DescribedPredicate<JavaClass> in(String name) {
        return DescribedPredicate.describe(
                "in " + name, type -> type.getPackageName().equals(name));
    }
}

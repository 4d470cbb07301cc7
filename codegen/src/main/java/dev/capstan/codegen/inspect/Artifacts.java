// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.inspect;

import dev.capstan.codegen.kernel.GeneratedClass;
import dev.capstan.runtime.spi.PathReport.Artifact;
import dev.capstan.runtime.spi.PathReport.Kind;
import dev.capstan.tracer.schedule.Schedule;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.util.Textifier;
import org.objectweb.asm.util.TraceClassVisitor;

/**
 * What people can look at of a generated program, as files: its steps and kernels, and the source, bytecode and class file
 * of the program and of each kernel that it calls. The sources compile together, with Capstan on the class path and {@code
 * --add-modules jdk.incubator.vector}.
 */
public final class Artifacts {
    private Artifacts() {}

    /** What there is to see of a program without generated code. */
    public static List<Artifact> of(String name, Schedule schedule) {
        return List.of(text(Kind.KERNELS, name + ".steps.txt", schedule.toString()));
    }

    /** Everything there is to see of a program. */
    public static List<Artifact> of(String name, Schedule schedule, Collection<GeneratedClass> classes) {
        List<Artifact> artifacts = new ArrayList<>(of(name, schedule));
        classes.forEach(type -> add(artifacts, type));
        return artifacts;
    }

    private static void add(List<Artifact> artifacts, GeneratedClass type) {
        String name = type.rendition().type().className();
        byte[] bytes = type.bytes();
        artifacts.add(
                text(Kind.JAVA, type.rendition().fileName(), type.rendition().text()));
        artifacts.add(text(Kind.BYTECODE, name + ".bytecode.txt", bytecode(bytes)));
        artifacts.add(new Artifact(Kind.CLASS_FILE, name + ".class", bytes));
    }

    private static Artifact text(Kind kind, String fileName, String content) {
        return new Artifact(kind, fileName, content.getBytes(StandardCharsets.UTF_8));
    }

    private static String bytecode(byte[] classFile) {
        StringWriter text = new StringWriter();
        new ClassReader(classFile).accept(new TraceClassVisitor(null, new Textifier(), new PrintWriter(text)), 0);
        return text.toString();
    }
}

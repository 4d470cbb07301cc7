// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.kernel.VectorWidth;
import dev.capstan.runtime.abi.EagerStep;
import dev.capstan.runtime.spi.PathReport.Artifact;
import dev.capstan.runtime.spi.PathReport.Kind;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.OutputStream;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** The Java renditions among some artifacts, compiled together by javac and loaded. */
final class CompiledRenditions extends ClassLoader {
    private final Map<String, ByteArrayOutputStream> classes = new HashMap<>();

    CompiledRenditions(List<Artifact> artifacts) {
        super(CompiledRenditions.class.getClassLoader());
        JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
        List<JavaFileObject> sources = new ArrayList<>();
        for (Artifact artifact : artifacts) {
            if (artifact.kind() == Kind.JAVA) {
                sources.add(source(artifact));
            }
        }
        List<String> options = new ArrayList<>(List.of("-proc:none", "-classpath", classPath()));
        if (VectorWidth.isAvailable()) {
            options.addAll(List.of("--add-modules", "jdk.incubator.vector"));
        }
        StringWriter messages = new StringWriter();
        boolean success = javac.getTask(messages, new Memory(javac), null, options, null, sources)
                .call();
        if (!success) {
            throw new AssertionError(messages.toString());
        }
    }

    /** What generated code may name besides the JDK. */
    private static String classPath() {
        return Stream.of(Driver.class, EagerStep.class)
                .map(type -> Path.of(URI.create(type.getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .toString()))
                        .toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    Driver driver(String className) {
        try {
            return (Driver) Class.forName("dev.capstan.generated." + className, true, this)
                    .getConstructor()
                    .newInstance();
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        ByteArrayOutputStream bytes = classes.get(name);
        if (bytes == null) {
            throw new ClassNotFoundException(name);
        }
        return defineClass(name, bytes.toByteArray(), 0, bytes.size());
    }

    private static JavaFileObject source(Artifact artifact) {
        String text = new String(artifact.content(), StandardCharsets.UTF_8);
        return new SimpleJavaFileObject(URI.create("mem:///" + artifact.fileName()), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return text;
            }
        };
    }

    private final class Memory extends ForwardingJavaFileManager<JavaFileManager> {
        Memory(JavaCompiler javac) {
            super(javac.getStandardFileManager(null, null, null));
        }

        @Override
        public JavaFileObject getJavaFileForOutput(
                Location location, String name, JavaFileObject.Kind kind, FileObject sibling) {
            return new SimpleJavaFileObject(URI.create("mem:///" + name + kind.extension), kind) {
                @Override
                public OutputStream openOutputStream() {
                    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                    classes.put(name, bytes);
                    return bytes;
                }
            };
        }
    }
}

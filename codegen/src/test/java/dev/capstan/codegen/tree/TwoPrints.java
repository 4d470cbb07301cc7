// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URI;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** One tree, printed both ways and loaded twice: the class that ASM wrote, and the one that javac made of the text. */
public final class TwoPrints {
    private final Class<?> printed;
    private final Class<?> compiled;
    private final Rendition rendition;
    private final byte[] printedBytes;
    private final byte[] compiledBytes;

    public TwoPrints(ClassTree tree, String... javacOptions) {
        rendition = JavaPrinter.print(tree);
        String name = tree.type().binaryName();
        printedBytes = BytecodePrinter.print(tree, rendition);
        compiledBytes = compile(rendition, javacOptions);
        printed = define(name, printedBytes);
        compiled = define(name, compiledBytes);
        assertLinesAreThoseOfJavac();
    }

    public Class<?> printed() {
        return printed;
    }

    public Class<?> compiled() {
        return compiled;
    }

    public Rendition rendition() {
        return rendition;
    }

    /** The results of both, the class's first. */
    Object[] call(String method, Object... arguments) {
        return new Object[] {invoke(printed, method, arguments), invoke(compiled, method, arguments)};
    }

    static Object invoke(Class<?> type, String method, Object... arguments) {
        try {
            return method(type, method).invoke(null, copied(arguments));
        } catch (InvocationTargetException e) {
            return e.getCause();
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private static Object[] copied(Object[] arguments) {
        return Arrays.stream(arguments)
                .map(argument -> argument instanceof float[] floats ? floats.clone() : argument)
                .toArray();
    }

    private static Method method(Class<?> type, String name) {
        return Arrays.stream(type.getMethods())
                .filter(method -> method.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** Every line of the class is one that javac gives to the same method. */
    private void assertLinesAreThoseOfJavac() {
        Map<String, Set<Integer>> ours = lines(printedBytes);
        Map<String, Set<Integer>> theirs = lines(compiledBytes);
        ours.forEach((method, lines) -> {
            if (!theirs.getOrDefault(method, Set.of()).containsAll(lines)) {
                throw new AssertionError(
                        method + ": " + lines + ", javac: " + theirs.get(method) + "\n" + rendition.text());
            }
        });
    }

    private static Map<String, Set<Integer>> lines(byte[] bytes) {
        Map<String, Set<Integer>> result = new HashMap<>();
        new ClassReader(bytes)
                .accept(
                        new ClassVisitor(Opcodes.ASM9) {
                            @Override
                            public MethodVisitor visitMethod(
                                    int access, String name, String descriptor, String signature, String[] thrown) {
                                Set<Integer> lines = new TreeSet<>();
                                if (!name.equals("<clinit>")) {
                                    // constants have no code there
                                    result.put(name + descriptor, lines);
                                }
                                return new MethodVisitor(Opcodes.ASM9) {
                                    @Override
                                    public void visitLineNumber(int line, Label start) {
                                        lines.add(line);
                                    }
                                };
                            }
                        },
                        0);
        return result;
    }

    private static Class<?> define(String name, byte[] bytes) {
        ClassLoader loader = new ClassLoader(TwoPrints.class.getClassLoader()) {
            @Override
            protected Class<?> findClass(String wanted) throws ClassNotFoundException {
                if (!wanted.equals(name)) {
                    throw new ClassNotFoundException(wanted);
                }
                return defineClass(wanted, bytes, 0, bytes.length);
            }
        };
        try {
            return Class.forName(name, true, loader);
        } catch (ClassNotFoundException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] compile(Rendition rendition, String... options) {
        JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        JavaFileManager files =
                new ForwardingJavaFileManager<JavaFileManager>(javac.getStandardFileManager(null, null, null)) {
                    @Override
                    public JavaFileObject getJavaFileForOutput(
                            Location location, String name, JavaFileObject.Kind kind, FileObject sibling) {
                        return new SimpleJavaFileObject(URI.create("mem:///" + name + kind.extension), kind) {
                            @Override
                            public OutputStream openOutputStream() {
                                return bytes;
                            }
                        };
                    }
                };
        JavaFileObject source =
                new SimpleJavaFileObject(URI.create("mem:///" + rendition.fileName()), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return rendition.text();
                    }
                };
        StringWriter messages = new StringWriter();
        List<String> arguments = new ArrayList<>(List.of(options));
        // where the generated classes' interfaces are, however the tests were started
        URL classes =
                BytecodePrinter.class.getProtectionDomain().getCodeSource().getLocation();
        arguments.addAll(
                List.of("-classpath", Path.of(URI.create(classes.toString())).toString()));
        boolean success = javac.getTask(messages, files, null, arguments, null, List.of(source))
                .call();
        if (!success) {
            throw new AssertionError(messages + "\n" + rendition.text());
        }
        return bytes.toByteArray();
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.tree;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URI;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** One tree, printed both ways and loaded twice: the class that ASM wrote, and the one that javac made of the text. */
final class TwoPrints {
    private final Class<?> printed;
    private final Class<?> compiled;
    private final Rendition rendition;

    TwoPrints(ClassTree tree, String... javacOptions) {
        rendition = JavaPrinter.print(tree);
        String name = tree.type().binaryName();
        printed = define(Map.of(name, BytecodePrinter.print(tree, rendition)), name);
        compiled = define(compile(rendition, javacOptions), name);
    }

    Class<?> printed() {
        return printed;
    }

    Class<?> compiled() {
        return compiled;
    }

    Rendition rendition() {
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

    private static Class<?> define(Map<String, byte[]> classes, String name) {
        ClassLoader loader = new ClassLoader(TwoPrints.class.getClassLoader()) {
            @Override
            protected Class<?> findClass(String wanted) throws ClassNotFoundException {
                byte[] bytes = classes.get(wanted);
                if (bytes == null) {
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

    private static Map<String, byte[]> compile(Rendition rendition, String... options) {
        JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
        Map<String, ByteArrayOutputStream> outputs = new HashMap<>();
        JavaFileManager files =
                new ForwardingJavaFileManager<JavaFileManager>(javac.getStandardFileManager(null, null, null)) {
                    @Override
                    public JavaFileObject getJavaFileForOutput(
                            Location location, String name, JavaFileObject.Kind kind, FileObject sibling) {
                        return new SimpleJavaFileObject(URI.create("mem:///" + name + kind.extension), kind) {
                            @Override
                            public OutputStream openOutputStream() {
                                ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                                outputs.put(name, bytes);
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
        boolean success = javac.getTask(messages, files, null, List.of(options), null, List.of(source))
                .call();
        if (!success) {
            throw new AssertionError(messages + "\n" + rendition.text());
        }
        Map<String, byte[]> classes = new HashMap<>();
        outputs.forEach((name, bytes) -> classes.put(name, bytes.toByteArray()));
        return classes;
    }
}

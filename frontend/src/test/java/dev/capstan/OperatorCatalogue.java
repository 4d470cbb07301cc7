// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.op.Operator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The operators that exist, found where their classes lie. */
final class OperatorCatalogue {
    private OperatorCatalogue() {}

    /** All operator classes. */
    static List<Class<?>> operators() {
        try {
            Path place = Path.of(source());
            if (Files.isDirectory(place)) {
                return operators(place);
            }
            try (FileSystem jar = FileSystems.newFileSystem(place)) {
                return operators(jar.getPath("/"));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the operators' classes", e);
        }
    }

    private static URI source() {
        try {
            return Operator.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<Class<?>> operators(Path root) throws IOException {
        String packageName = Operator.class.getPackageName();
        try (Stream<Path> files = Files.list(root.resolve(packageName.replace('.', '/')))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".class") && !name.equals("package-info.class"))
                    .sorted()
                    .<Class<?>>map(name -> named(packageName + "." + name.substring(0, name.length() - 6)))
                    .filter(type -> Operator.class.isAssignableFrom(type) && !type.isInterface())
                    .toList();
        }
    }

    private static Class<?> named(String name) {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Loads a native library in a process of its own. Bytedeco's unpack what they need into a cache in the user's home, and may
 * crash the process while they do it; the next process finds the cache and works.
 */
final class FirstStart {
    private static final int ATTEMPTS = 3;

    private FirstStart() {}

    /** Loads one library; the argument is its name in {@link Peer}. */
    public static void main(String[] arguments) {
        Peer.valueOf(arguments[0]).library();
    }

    /** Whether the library can be loaded, if need be at the third attempt. */
    static boolean succeeds(Peer peer) {
        try {
            Path folder = Files.createTempDirectory("first-start");
            try {
                for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
                    if (start(peer, folder) == 0) {
                        return true;
                    }
                }
                return false;
            } finally {
                delete(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static int start(Peer peer, Path folder) throws IOException, InterruptedException {
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:ErrorFile=" + folder.resolve("crash.log"),
                "-cp",
                System.getProperty("java.class.path"),
                FirstStart.class.getName(),
                peer.name());
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("output.log").toFile())
                .start()
                .waitFor();
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}

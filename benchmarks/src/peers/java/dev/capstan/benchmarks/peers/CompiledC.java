// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.javacpp.FloatPointer;

/** A loop in C that does all operators at once, compiled here and now by gcc for this processor. */
final class CompiledC extends Library {
    /** Takes addresses, and nothing of JNI's but the name, so that no header is needed. */
    private static final String SOURCE =
            """
            void Java_dev_capstan_benchmarks_peers_CompiledC_arithmetic(
                    void *environment, void *type, long long first, long long second, long long result, int n) {
                const float *restrict x = (const float *) first;
                const float *restrict y = (const float *) second;
                float *restrict out = (float *) result;
                for (int i = 0; i < n; i++) {
                    float t = x[i] + y[i];
                    t = t * x[i];
                    t = t - y[i];
                    t = t * 0.5f;
                    t = t + x[i];
                    t = t * y[i];
                    t = t + 1.0f;
                    t = t - x[i];
                    t = t * t;
                    out[i] = t + y[i];
                }
            }
            """;

    /**
     * Compiles and loads it.
     *
     * @throws IllegalStateException if there is no gcc, or it fails
     */
    CompiledC() {
        try {
            Path folder = Files.createTempDirectory("compiled-c");
            Path source = Files.writeString(folder.resolve("loops.c"), SOURCE);
            Path library = folder.resolve("loops.so");
            try {
                compile(source, library);
                System.load(library.toString());
            } finally {
                Files.deleteIfExists(library);
                Files.delete(source);
                Files.delete(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void compile(Path source, Path library) {
        ProcessBuilder gcc = new ProcessBuilder(
                "gcc", "-O3", "-march=native", "-shared", "-fPIC", "-o", library.toString(), source.toString());
        try {
            int status = gcc.inheritIO().start().waitFor();
            if (status != 0) {
                throw new IllegalStateException("gcc fails with status " + status);
            }
        } catch (IOException e) {
            throw new IllegalStateException("gcc is not installed: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("gcc was interrupted", e);
        }
    }

    private static native void arithmetic(long x, long y, long out, int n);

    @Override
    Program operation(Operation work) {
        if (work.kind() != Operation.Kind.ARITHMETIC) {
            return super.operation(work);
        }
        FloatPointer x = new FloatPointer(work.x().elements());
        FloatPointer y = new FloatPointer(work.y().elements());
        int count = work.sizes()[0];
        FloatPointer out = new FloatPointer(count);
        return new Program() {
            @Override
            public void step() {
                arithmetic(x.address(), y.address(), out.address(), count);
            }

            @Override
            public float[] result() {
                float[] elements = new float[count];
                out.get(elements);
                return elements;
            }
        };
    }
}

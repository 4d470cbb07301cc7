// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.spi;

import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.type.DType;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Where the runtime finds its compiler. The service is looked up once, with the runtime's class loader and then with the
 * context class loader; the system property {@code capstan.compiler=off}, set at start, leaves it unused.
 */
public final class Compilers {
    /** A compiler that never has a compiled form: everything stays on the eager executors. */
    public static final KernelCompiler NONE = new KernelCompiler() {
        @Override
        public LoopKernel loop(Kernel kernel, List<Access> accesses, long elements) {
            return null;
        }

        @Override
        public ContractionKernel contraction(DType dtype) {
            return null;
        }
    };

    private Compilers() {}

    /** The installed compiler, or {@link #NONE}. */
    public static KernelCompiler kernels() {
        return Installed.KERNELS;
    }

    private static final class Installed {
        static final KernelCompiler KERNELS = find();

        private static KernelCompiler find() {
            if (System.getProperty("capstan.compiler", "on").equals("off")) {
                return NONE;
            }
            Optional<KernelCompiler> own = ServiceLoader.load(KernelCompiler.class, Compilers.class.getClassLoader())
                    .findFirst();
            return own.or(() -> ServiceLoader.load(KernelCompiler.class).findFirst())
                    .orElse(NONE);
        }
    }
}

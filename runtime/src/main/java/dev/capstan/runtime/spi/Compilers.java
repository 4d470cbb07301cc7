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

    /** The installed compiler of kernels, or {@link #NONE}. */
    public static KernelCompiler kernels() {
        return Installed.KERNELS;
    }

    /** The installed compiler of regions, or empty: every region runs eagerly. */
    public static Optional<RegionCompiler> regions() {
        return Installed.REGIONS;
    }

    private static final class Installed {
        static final KernelCompiler KERNELS = find(KernelCompiler.class).orElse(NONE);
        static final Optional<RegionCompiler> REGIONS = find(RegionCompiler.class);

        private static <S> Optional<S> find(Class<S> service) {
            if (System.getProperty("capstan.compiler", "on").equals("off")) {
                return Optional.empty();
            }
            return load(service, Compilers.class.getClassLoader())
                    .or(() -> load(service, Thread.currentThread().getContextClassLoader()));
        }

        private static <S> Optional<S> load(Class<S> service, ClassLoader loader) {
            return ServiceLoader.load(service, loader).findFirst();
        }
    }
}

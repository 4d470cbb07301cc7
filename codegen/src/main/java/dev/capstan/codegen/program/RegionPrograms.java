// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.runtime.spi.PathTree;
import dev.capstan.runtime.spi.RegionCompiler;
import dev.capstan.runtime.spi.RegionPolicy;
import dev.capstan.tracer.capture.CapturedTree;
import java.util.concurrent.TimeUnit;

/** Compiles regions to generated programs. A service of the runtime, see {@link RegionCompiler}. */
public final class RegionPrograms implements RegionCompiler {
    /** Within this time a region that is new may be hot, or it is not a short program's. */
    private static final long EXPECTATION = TimeUnit.SECONDS.toNanos(2);

    private static volatile long lastTree = System.nanoTime() - EXPECTATION;

    private final ProgramCompiler compiler = new ProgramCompiler();

    @Override
    public PathTree pathTree(String name, RegionPolicy policy) {
        lastTree = System.nanoTime();
        return new CapturedTree(name, policy, compiler);
    }

    /**
     * Whether programs are likely to be asked for in a moment. Until then the processor has better things to do than to
     * compile kernels of eager mode, which are of no use to programs.
     */
    static boolean areExpected() {
        return System.nanoTime() - lastTree < EXPECTATION;
    }
}

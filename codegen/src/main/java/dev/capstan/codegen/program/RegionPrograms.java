// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.runtime.spi.PathTree;
import dev.capstan.runtime.spi.RegionCompiler;
import dev.capstan.tracer.capture.CapturedTree;

/** Compiles regions to generated programs. A service of the runtime, see {@link RegionCompiler}. */
public final class RegionPrograms implements RegionCompiler {
    private final ProgramCompiler compiler = new ProgramCompiler();

    @Override
    public PathTree pathTree(String name, int threshold) {
        return new CapturedTree(name, threshold, compiler);
    }
}

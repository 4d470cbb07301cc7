// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import static java.util.Objects.requireNonNull;

import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.kernel.ReductionKernel;

/** A reduction made ready to run. Whoever runs one often keeps it. May be used by several threads at once. */
public final class PreparedReduction {
    private final ReductionKernel kernel;
    private final BlockProgram map;
    private final PreparedKernel finish;

    private PreparedReduction(ReductionKernel kernel) {
        this.kernel = requireNonNull(kernel, "kernel");
        this.map = new BlockProgram(kernel.map());
        int result = kernel.finish().outputs().get(0);
        boolean unchanged = kernel.finish().instructions().get(result).primitive() == Primitive.INPUT;
        this.finish = unchanged ? null : PreparedKernel.of(kernel.finish());
    }

    /** A reduction prepared for use. */
    public static PreparedReduction of(ReductionKernel kernel) {
        return new PreparedReduction(kernel);
    }

    /** What it computes. */
    public ReductionKernel kernel() {
        return kernel;
    }

    BlockProgram map() {
        return map;
    }

    /** The finishing kernel, or null if the state itself is the result. */
    PreparedKernel finish() {
        return finish;
    }
}

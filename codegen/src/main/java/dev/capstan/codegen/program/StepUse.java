// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.fusion.FusedKernel;
import java.util.List;
import java.util.Optional;

/** How a step of a schedule is computed by generated kernels. */
sealed interface StepUse permits KernelUse, RowsUse {
    /** The kernels. */
    List<FusedKernel> kernels();

    /** How threads divide it; empty if one of them does it all. */
    Optional<Division> division();

    /** The same divided by threads, whatever its size, if it can be. */
    StepUse divided();

    /** Runs it, as the generated driver would. */
    void run(Object[] arrays, int[] offsets);
}

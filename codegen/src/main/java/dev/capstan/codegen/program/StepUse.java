// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.codegen.fusion.FusedKernel;
import java.util.List;

/** How a step of a schedule is computed by generated kernels. */
sealed interface StepUse permits KernelUse, RowsUse {
    /** The kernels. */
    List<FusedKernel> kernels();

    /** Runs it, as the generated driver would. */
    void run(Object[] arrays, int[] offsets);
}

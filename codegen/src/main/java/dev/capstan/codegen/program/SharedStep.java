// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import static java.util.Objects.requireNonNull;

/** A step that is large enough for several threads: drivers get it as a constant, and call it in the place of its kernels. */
public final class SharedStep {
    private final StepUse use;

    SharedStep(StepUse use) {
        this.use = requireNonNull(use, "use");
    }

    /**
     * Computes it.
     *
     * @param arrays the arrays of the program
     * @param offsets where the elements of each array begin
     */
    public void run(Object[] arrays, int[] offsets) {
        use.run(arrays, offsets);
    }
}

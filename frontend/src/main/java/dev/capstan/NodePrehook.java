// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sees, and may replace, what a node of the tape is about to take; see {@link Node#registerPrehook}. */
@FunctionalInterface
public interface NodePrehook {
    /**
     * Called before the node. Gradients that did not arrive are null.
     *
     * @param gradOutputs what arrived at the node, one entry for each result of the operator
     * @return as many gradients that take their place, or null to leave them as they are
     */
    @Nullable
    List<@Nullable Tensor> apply(List<@Nullable Tensor> gradOutputs);
}

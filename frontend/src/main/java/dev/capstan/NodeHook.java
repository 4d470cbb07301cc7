// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sees, and may replace, what a node of the tape has computed; see {@link Node#registerHook}. */
@FunctionalInterface
public interface NodeHook {
    /**
     * Called after the node. Gradients that do not flow are null.
     *
     * @param gradInputs the node's contributions, in the order of {@link Node#nextFunctions()}
     * @param gradOutputs what arrived at the node
     * @return as many contributions that take their place, or null to leave them as they are
     */
    @Nullable
    List<@Nullable Tensor> apply(List<@Nullable Tensor> gradInputs, List<@Nullable Tensor> gradOutputs);
}

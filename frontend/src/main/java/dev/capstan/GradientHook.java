// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import org.jspecify.annotations.Nullable;

/** Sees, and may replace, the gradient of a tensor on its way back; see {@link Tensor#registerHook}. */
@FunctionalInterface
public interface GradientHook {
    /**
     * Called with the tensor's whole gradient.
     *
     * @return the gradient that goes on, of the same type and shape, or null to leave it as it is
     */
    @Nullable
    Tensor apply(Tensor gradient);
}

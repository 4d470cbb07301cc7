// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.memory.NdArray;
import org.jspecify.annotations.Nullable;

/**
 * What only few tensors have: leaves, what is written to, what is watched. A region makes hundreds of tensors in a call, of
 * which nearly all have nothing of this; they stay small.
 */
final class Particulars {
    /** Those of all tensors that have none. Nobody changes it. */
    static final Particulars NONE = new Particulars();

    /** What the tensor's version is more than its storage's. */
    int formerWrites;
    /** Counts the writes through a tensor that {@link Tensor#data()} gave, its views among them; null for all others. */
    @Nullable
    VersionCounter counter;
    /** The values of a tensor of a region that ran eagerly, where it matters whether anybody asks for them. */
    @Nullable
    NdArray concealed;
    /** Where gradients of a leaf arrive, once somebody has asked for it. */
    @Nullable
    AccumulateGrad accumulator;

    @Nullable
    Tensor grad;
    /** How often recorded writes have made the tensor another function of others. */
    int rewrites;
    /** What {@link Tensor#retainGrad()} has registered. */
    @Nullable
    RemovableHandle retention;
}

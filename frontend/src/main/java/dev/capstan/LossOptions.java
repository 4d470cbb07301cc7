// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.type.CapstanException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How losses of classes are weighed and combined.
 *
 * @param reduction what becomes of the losses of single elements; their mean is weighed, too
 * @param weight for each class its weight, {@code [classes]}; null for equal weights
 * @param ignoreIndex a class that counts as no class: its elements have no loss
 * @param labelSmoothing the part, from 0 to 1, of each target that is spread over all classes
 */
public record LossOptions(F.Reduction reduction, @Nullable Tensor weight, long ignoreIndex, double labelSmoothing) {
    private static final LossOptions STANDARD = new LossOptions(F.Reduction.MEAN, null, -100, 0);

    /**
     * Checks the range of the smoothing.
     *
     * @throws CapstanException if it is not between 0 and 1
     */
    public LossOptions {
        Objects.requireNonNull(reduction, "reduction");
        if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
            throw new CapstanException(
                    "crossEntropy", "label smoothing is not between 0 and 1", Double.toString(labelSmoothing));
        }
    }

    /** The mean, equal weights, class -100 ignored, no smoothing. */
    public static LossOptions standard() {
        return STANDARD;
    }

    /** The same with another {@link #reduction()}. */
    public LossOptions withReduction(F.Reduction combined) {
        return new LossOptions(combined, weight, ignoreIndex, labelSmoothing);
    }

    /** The same with another {@link #weight()}. */
    public LossOptions withWeight(@Nullable Tensor weights) {
        return new LossOptions(reduction, weights, ignoreIndex, labelSmoothing);
    }

    /** The same with another {@link #ignoreIndex()}. */
    public LossOptions withIgnoreIndex(long ignored) {
        return new LossOptions(reduction, weight, ignored, labelSmoothing);
    }

    /** The same with another {@link #labelSmoothing()}. */
    public LossOptions withLabelSmoothing(double smoothing) {
        return new LossOptions(reduction, weight, ignoreIndex, smoothing);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.F;
import dev.capstan.Tensor;
import dev.capstan.runtime.type.CapstanException;

/**
 * In training, replaces elements by 0, each with a probability of its own draw, and divides the others by the probability to
 * stay; in evaluation the input itself. See {@link F#dropout}. Source: Hinton et al., "Improving neural networks by
 * preventing co-adaptation of feature detectors", 2012.
 */
public final class Dropout extends Module<Tensor, Tensor> {
    private final double probability;

    /** A layer that replaces half of the elements. */
    public Dropout() {
        this(0.5);
    }

    /**
     * A layer.
     *
     * @param probability of an element to become 0
     * @throws CapstanException if it is not between 0 and 1
     */
    public Dropout(double probability) {
        this.probability = verifyProbability(probability);
    }

    static double verifyProbability(double probability) {
        if (!(probability >= 0 && probability <= 1)) {
            throw new CapstanException("dropout", "a probability is not between 0 and 1", Double.toString(probability));
        }
        return probability;
    }

    /** How likely an element becomes 0. */
    public double probability() {
        return probability;
    }

    @Override
    protected Tensor forward(Tensor input) {
        return F.dropout(input, probability, isTraining());
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.nn;

import dev.capstan.runtime.type.CapstanException;

/**
 * How the layers of {@link Rnn}, {@link Lstm} and {@link Gru} are put together.
 *
 * @param layers how many layers stand on one another, from 1 on; each takes what the one below gives
 * @param bias whether cells have biases
 * @param batchFirst whether sequences are {@code [batch, time, features]} and not {@code [time, batch, features]}
 * @param dropout the probability of an element between two layers to become 0 in training, see {@link Dropout}
 * @param bidirectional whether each layer also runs from the end to the beginning; its output then has twice as many features,
 *     those of the other direction last
 */
public record RecurrentOptions(int layers, boolean bias, boolean batchFirst, double dropout, boolean bidirectional) {
    private static final RecurrentOptions STANDARD = new RecurrentOptions(1, true, false, 0, false);

    /** @throws CapstanException if there is no layer, or the probability is not between 0 and 1 */
    public RecurrentOptions {
        if (layers < 1) {
            throw new CapstanException("recurrent", "there is no layer", Integer.toString(layers));
        }
        Dropout.verifyProbability(dropout);
    }

    /** One layer with biases in one direction, the time as first dimension, no dropout. */
    public static RecurrentOptions standard() {
        return STANDARD;
    }

    /** The same with another number of layers. */
    public RecurrentOptions withLayers(int number) {
        return new RecurrentOptions(number, bias, batchFirst, dropout, bidirectional);
    }

    /** The same with or without biases. */
    public RecurrentOptions withBias(boolean wanted) {
        return new RecurrentOptions(layers, wanted, batchFirst, dropout, bidirectional);
    }

    /** The same with the batch, or the time, as first dimension. */
    public RecurrentOptions withBatchFirst(boolean wanted) {
        return new RecurrentOptions(layers, bias, wanted, dropout, bidirectional);
    }

    /** The same with a probability of elements between layers to become 0. */
    public RecurrentOptions withDropout(double probability) {
        return new RecurrentOptions(layers, bias, batchFirst, probability, bidirectional);
    }

    /** The same in both directions, or only forward. */
    public RecurrentOptions withBidirectional(boolean wanted) {
        return new RecurrentOptions(layers, bias, batchFirst, dropout, wanted);
    }

    int directions() {
        return bidirectional ? 2 : 1;
    }
}

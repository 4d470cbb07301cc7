// SPDX-License-Identifier: Apache-2.0
package dev.capstan.samples.programs;

import dev.capstan.Tensor;
import dev.capstan.nn.Module;
import java.util.function.UnaryOperator;

/** A network that says, for each character of a text, which one is next. A character is its place in the alphabet, int64. */
abstract class TextModel<I, O> extends Module<I, O> {
    /** Logits of the next characters, {@code [time, batch, alphabet]}, for texts {@code [time, batch]}. */
    abstract Tensor logits(Tensor characters);

    /** Reads one text: gives for each character, {@code [1, 1]}, the next one's logits, {@code [1, 1, alphabet]}, and remembers it. */
    abstract UnaryOperator<Tensor> reader();
}

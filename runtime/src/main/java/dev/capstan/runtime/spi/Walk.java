// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.spi;

import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.TensorType;

/**
 * One call's way through a {@link PathTree}. Each event is an edge and gives a value; values are numbered from 0 in order
 * of events, so equal paths give equal numbers.
 */
public interface Walk {
    /**
     * A tensor from outside of the region, at its first use.
     *
     * @param layout where its elements lie; the offset does not count
     * @return the value's number
     */
    int input(TensorType type, Layout layout, boolean requiresGradient);

    /**
     * An operator.
     *
     * @param recording whether the tape would record it now
     * @return the result's number
     * @throws dev.capstan.runtime.type.CapstanException if the operands do not fit; the walk is then where it was
     */
    int apply(Operator operator, int[] operands, boolean recording);

    /** The type of a value. */
    TensorType type(int value);

    /** Whether a value would require a gradient in eager mode. */
    boolean requiresGradient(int value);

    /** The end of the path: these values are wanted. */
    Path end(int[] outputs);
}

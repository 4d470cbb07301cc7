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
    /** No value. */
    int NONE = -1;

    /**
     * A tensor from outside of the region, at its first use.
     *
     * @param layout where its elements lie; the offset does not count
     * @param alias the number of an earlier input that lies in the same storage, or {@link #NONE}
     * @return the value's number
     */
    int input(TensorType type, Layout layout, boolean requiresGradient, int alias);

    /**
     * An operator.
     *
     * @param recording whether the tape would record it now
     * @return the result's number
     * @throws dev.capstan.runtime.type.CapstanException if the operands do not fit; the walk is then where it was
     */
    int apply(Operator operator, int[] operands, boolean recording);

    /**
     * A write to a whole storage: from now on it holds another value, converted to its type and broadcast.
     *
     * @param content what the storage holds so far: an input, a result that is no view, or what an earlier write gave
     * @param recorded whether the tape records it, so that the new content's gradient is the value's
     * @return the number of the new content, or {@link #NONE} if only eager mode can do this; the walk is then where it was
     */
    int write(int content, int value, boolean recorded);

    /**
     * The inputs at which gradients of a value end, or null if only eager mode can tell what a backward pass does.
     */
    int[] gradientInputs(int root);

    /**
     * A backward pass that gives each of the {@link #gradientInputs} one gradient, a value each, in their order.
     *
     * @param seed the gradient of the root, or {@link #NONE} for one of ones
     * @param retainsGraph whether the root may be differentiated again
     * @return the number of the first gradient; the others follow
     */
    int backward(int root, int seed, boolean retainsGraph);

    /** What the caller has attached to the event of a value, on this walk or an earlier one; null if nothing. */
    Object attachment(int value);

    /** Keeps something immutable with the event of a value, so that later walks need not make it again. */
    void attach(int value, Object attachment);

    /** About how many values the walk will have. */
    int likelyLength();

    /** The type of a value. */
    TensorType type(int value);

    /** Whether a value would require a gradient in eager mode. */
    boolean requiresGradient(int value);

    /** The end of the path: these values are wanted. */
    Path end(int[] outputs);
}

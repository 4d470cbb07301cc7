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
     */
    PathEvent input(TensorType type, Layout layout, boolean requiresGradient, int alias);

    /**
     * An operator of one operand, if it was here on an earlier walk; else null, and the walk is where it was.
     *
     * @param recording whether the tape would record it now
     */
    PathEvent repeat(Operator operator, int operand, boolean recording);

    /** The same for two operands. */
    PathEvent repeat(Operator operator, int first, int second, boolean recording);

    /** The same for three operands. */
    PathEvent repeat(Operator operator, int first, int second, int third, boolean recording);

    /**
     * An operator.
     *
     * @param recording whether the tape would record it now
     * @throws dev.capstan.runtime.type.CapstanException if the operands do not fit; the walk is then where it was
     */
    PathEvent apply(Operator operator, int[] operands, boolean recording);

    /**
     * A write to a whole storage: from now on it holds another value, converted to its type and broadcast.
     *
     * @param content what the storage holds so far: an input, a result that is no view, or what an earlier write gave
     * @param recorded whether the tape records it, so that the new content's gradient is the value's
     * @return the event, whose value is the new content, or null if only eager mode can do this; the walk is then where it
     *     was
     */
    PathEvent write(int content, int value, boolean recorded);

    /**
     * A view that goes on after a write that was not recorded: it shows other elements, and its gradient is still its own.
     *
     * @param view the view so far
     * @param value its elements now, without a gradient
     */
    PathEvent retake(int view, int value);

    /**
     * The inputs at which gradients of a value end, or null if only eager mode can tell what a backward pass does.
     */
    int[] gradientInputs(int root);

    /**
     * A backward pass that gives each of the {@link #gradientInputs} one gradient, an event each, in their order, after
     * its own.
     *
     * @param seed the gradient of the root, or {@link #NONE} for one of ones
     * @param retainsGraph whether the root may be differentiated again
     * @return the number of the first gradient; the others follow
     */
    int backward(int root, int seed, boolean retainsGraph);

    /**
     * Takes the events that an earlier walk took from here.
     *
     * @return false if they were forgotten since; the walk is then where it was
     */
    boolean follow(PathEvent[] events);

    /** The event that gave a value. */
    PathEvent event(int value);

    /** About how many values the walk will have. */
    int likelyLength();

    /** The end of the path: these values are wanted. */
    Path end(int[] outputs);
}

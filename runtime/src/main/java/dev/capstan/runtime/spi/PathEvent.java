// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.spi;

import dev.capstan.runtime.type.TensorType;

/** One event of a path, the same object for every walk that meets it. */
public abstract class PathEvent {
    private final int number;
    private final TensorType type;
    private final boolean requiresGradient;
    private final boolean view;
    private final boolean detaching;
    private final boolean sharing;
    private volatile Object note;
    private volatile Object sequel;

    /**
     * An event whose value has this number and this type.
     *
     * @param view whether it is an operator that makes a view
     * @param detaching whether it is one through which no gradient goes
     * @param sharing whether the value may lie in the storage of an earlier one
     */
    protected PathEvent(
            int number, TensorType type, boolean requiresGradient, boolean view, boolean detaching, boolean sharing) {
        this.number = number;
        this.type = type;
        this.requiresGradient = requiresGradient;
        this.view = view;
        this.detaching = detaching;
        this.sharing = sharing;
    }

    /** The number of the event's value. */
    public final int number() {
        return number;
    }

    /** The type of the event's value. */
    public final TensorType type() {
        return type;
    }

    /** Whether the value would require a gradient in eager mode. */
    public final boolean requiresGradient() {
        return requiresGradient;
    }

    /** Whether the event is an operator that makes a view. */
    public final boolean isView() {
        return view;
    }

    /** Whether the event is an operator that makes a view through which no gradient goes. */
    public final boolean isDetaching() {
        return detaching;
    }

    /** False if the value is the first in its storage: what an operator has made that is no view, or a tensor from outside. */
    public final boolean isSharing() {
        return sharing;
    }

    /** What the caller has noted here, on this walk or an earlier one; null if nothing. */
    public final Object note() {
        return note;
    }

    /** Keeps something immutable with the event, so that later walks need not make it again. */
    public final void note(Object immutable) {
        this.note = immutable;
    }

    /** What the caller has noted of the events that follow; null if nothing. */
    public final Object sequel() {
        return sequel;
    }

    /** Keeps something immutable about events that have followed, so that a later walk can {@linkplain Walk#follow follow} them. */
    public final void sequel(Object immutable) {
        this.sequel = immutable;
    }
}

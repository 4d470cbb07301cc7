// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.spi.PathEvent;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * That a tensor shows elements of another tensor's storage, and where. A view of a view is one of the base, which is itself
 * no view, or a detached one: a tensor that shares storage with another and nothing else.
 */
final class Alias {
    private final Tensor base;
    /** How the operand is viewed; found by the event once somebody asks, for hardly anybody does. */
    private @Nullable Viewing viewing;

    private final @Nullable PathEvent event;
    private final Shape shape;
    /** How the operand lies in memory; null if that is not decided yet: it will lie as eager mode would have it. */
    private final @Nullable Layout operand;
    /** What the operand is itself a view by, if it is one. */
    private final @Nullable Alias outer;

    private final boolean detached;
    private final boolean recorded;
    private int rewrites;
    private @Nullable Layout position;

    private Alias(
            Tensor operand,
            @Nullable Layout from,
            @Nullable Viewing viewing,
            @Nullable PathEvent event,
            boolean detached,
            boolean recorded) {
        Alias known = operand.alias();
        boolean ofOperand = detached || known == null || known.detached;
        this.base = ofOperand ? operand : known.base;
        this.viewing = viewing;
        this.event = event;
        this.shape = operand.shape();
        this.operand = from;
        this.outer = known;
        this.detached = detached;
        this.recorded = recorded && (ofOperand || known.recorded);
        this.rewrites = base.rewrites();
    }

    /**
     * What a view that was executed is to the operand it was taken of; null if the operator had to copy.
     *
     * @param recording whether the tape records it
     */
    static @Nullable Alias of(Tensor result, Tensor operand, Viewing viewing, boolean recording) {
        NdArray array = operand.values();
        return result.values().storage() == array.storage()
                ? new Alias(operand, array.layout(), viewing, null, !viewing.isDifferentiable(), recording)
                : null;
    }

    /** The same for a view that is queued as an event. */
    static @Nullable Alias queued(PathEvent event, Tensor operand, boolean recording) {
        Layout from = operand.isPending() ? null : operand.values().layout();
        return shares(event, operand, from)
                ? new Alias(operand, from, null, event, event.isDetaching(), recording)
                : null;
    }

    private static boolean shares(PathEvent event, Tensor operand, @Nullable Layout from) {
        if (from == null && operand.alias() == null) {
            return true;
        }
        Layout lies = from == null ? operand.alias().position() : from;
        return lies.isContiguous() || viewing(event).of(lies) != null;
    }

    private static Viewing viewing(PathEvent event) {
        return ((Queued.Operation) event.note()).viewing();
    }

    private Viewing viewing() {
        if (viewing == null) {
            viewing = viewing(event);
        }
        return viewing;
    }

    private Layout position() {
        if (position == null) {
            position = viewing().of(from());
        }
        return position;
    }

    private Layout from() {
        if (operand != null) {
            return operand;
        }
        return outer == null ? Layout.contiguous(shape) : outer.position();
    }

    /** The error where a view that the tape does not know would have to follow it. */
    static CapstanException refusal(TensorType view) {
        return new CapstanException(
                "view", "a view made in noGrad is used where a write to its base was recorded", view.toString());
    }

    /** The tensor whose elements are shown. */
    Tensor base() {
        return base;
    }

    /** Where the elements lie in a contiguous base; null if strides cannot express it. */
    @Nullable
    Layout place() {
        if (detached) {
            return null;
        }
        Layout whole = outer == null || outer.detached ? Layout.contiguous(shape) : outer.place();
        return whole == null ? null : viewing().of(whole);
    }

    /** True if the two have nothing in common on the tape. */
    boolean isDetached() {
        return detached;
    }

    /** False for a view that was made while nothing was recorded. */
    boolean isRecorded() {
        return recorded;
    }

    /** True if a recorded write has made the base another function than it was when this was last looked at. */
    boolean isStale() {
        return !detached && rewrites != base.rewrites();
    }

    /** Says that the base is another function, however it became one. */
    void outdate() {
        rewrites = base.rewrites() - 1;
    }

    /** Notes that the tensor's place on the tape is that of the base as it is now. */
    void renew() {
        rewrites = base.rewrites();
    }
}

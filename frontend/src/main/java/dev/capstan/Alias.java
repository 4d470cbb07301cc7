// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

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
    private final Viewing viewing;
    private final Shape shape;
    /** How the operand lies in memory; null if that is not decided yet: it will lie as eager mode would have it. */
    private final @Nullable Layout operand;
    /** Where the operand's elements lie in a contiguous base, if strides can express it; not said while that is not decided. */
    private final @Nullable Layout within;
    /** What the operand is itself a view by, if it is one; only where it is not decided how that lies. */
    private final @Nullable Alias outer;

    private final boolean detached;
    private final boolean recorded;
    private int rewrites;
    private @Nullable Layout position;

    private Alias(Tensor base, Viewing viewing, Tensor operand, @Nullable Layout from, boolean recorded) {
        Alias known = operand.alias();
        this.base = base;
        this.viewing = viewing;
        this.shape = operand.shape();
        this.operand = from;
        this.within = from == null ? null : within(known, shape);
        this.outer = from == null ? known : null;
        this.detached = !viewing.isDifferentiable();
        this.recorded = recorded;
        this.rewrites = base.rewrites();
    }

    /**
     * What a view is to the operand it was taken of; null if the operator had to copy.
     *
     * @param recording whether the tape records it
     */
    static @Nullable Alias of(Tensor result, Tensor operand, Viewing viewing, boolean recording) {
        Layout from = operand.isPending() ? null : operand.values().layout();
        if (!shares(result, operand, viewing, from)) {
            return null;
        }
        Alias known = operand.alias();
        return !viewing.isDifferentiable() || known == null || known.detached
                ? new Alias(operand, viewing, operand, from, recording)
                : new Alias(known.base, viewing, operand, from, recording && known.recorded);
    }

    private static boolean shares(Tensor result, Tensor operand, Viewing viewing, @Nullable Layout from) {
        if (!result.isPending()) {
            return result.values().storage() == operand.values().storage();
        }
        if (from == null && operand.alias() == null) {
            return true;
        }
        Layout lies = from == null ? operand.alias().position() : from;
        return lies.isContiguous() || viewing.of(lies) != null;
    }

    private Layout position() {
        if (position == null) {
            position = viewing.of(from());
        }
        return position;
    }

    private Layout from() {
        if (operand != null) {
            return operand;
        }
        return outer == null ? Layout.contiguous(shape) : outer.position();
    }

    private static @Nullable Layout within(@Nullable Alias operand, Shape shape) {
        return operand == null || operand.detached ? Layout.contiguous(shape) : operand.place();
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
        Layout whole = operand == null ? within(outer, shape) : within;
        return whole == null ? null : viewing.of(whole);
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

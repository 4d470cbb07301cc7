// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * That a tensor shows elements of another tensor's storage, and where. A view of a view is one of the base, which is itself
 * no view, or a detached one: a tensor that shares storage with another and nothing else.
 */
final class Alias {
    private final Tensor base;
    private final Viewing viewing;
    /** How the operand lies in memory, or will. */
    private final Layout operand;
    /** Where the operand's elements lie in a contiguous base, if strides can express it. */
    private final @Nullable Layout within;

    private final boolean detached;
    private final boolean recorded;
    private int rewrites;
    private @Nullable Layout position;

    private Alias(
            Tensor base, Viewing viewing, Layout operand, @Nullable Layout within, boolean detached, boolean recorded) {
        this.base = base;
        this.viewing = viewing;
        this.operand = operand;
        this.within = within;
        this.detached = detached;
        this.recorded = recorded;
        this.rewrites = base.rewrites();
    }

    /**
     * What a view is to the operand it was taken of; null if the operator had to copy.
     *
     * @param recording whether the tape records it
     */
    static @Nullable Alias of(Tensor result, Tensor operand, Viewing viewing, boolean recording) {
        Layout from = layout(operand);
        if (!shares(result, operand, viewing, from)) {
            return null;
        }
        Alias known = operand.alias();
        if (!viewing.isDifferentiable()) {
            return new Alias(operand, viewing, from, null, true, recording);
        }
        if (known == null || known.detached) {
            return new Alias(operand, viewing, from, Layout.contiguous(operand.shape()), false, recording);
        }
        return new Alias(known.base, viewing, from, known.place(), false, recording && known.recorded);
    }

    private static boolean shares(Tensor result, Tensor operand, Viewing viewing, Layout from) {
        if (result.isPending()) {
            return from.isContiguous() || viewing.of(from) != null;
        }
        return result.values().storage() == operand.values().storage();
    }

    /** How a tensor lies in memory; what is still queued will lie as eager mode would have it. */
    private static Layout layout(Tensor tensor) {
        if (!tensor.isPending()) {
            return tensor.values().layout();
        }
        return tensor.alias() == null
                ? Layout.contiguous(tensor.shape())
                : tensor.alias().position();
    }

    private Layout position() {
        if (position == null) {
            position = viewing.of(operand);
        }
        return position;
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
        return within == null ? null : viewing.of(within);
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

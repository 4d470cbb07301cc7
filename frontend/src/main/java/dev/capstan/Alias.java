// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.op.View;
import dev.capstan.runtime.type.Layout;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * That a tensor shows elements of another tensor's storage, and where. A view of a view is one of the base, which is itself
 * no view, or a detached one: a tensor that shares storage with another and nothing else.
 */
final class Alias {
    private final Tensor base;
    private final @Nullable Layout place;
    private final Layout position;
    private final boolean detached;
    private final boolean recorded;
    private int rewrites;

    private Alias(Tensor base, @Nullable Layout place, Layout position, boolean detached, boolean recorded) {
        this.base = base;
        this.place = place;
        this.position = position;
        this.detached = detached;
        this.recorded = recorded;
        this.rewrites = base.rewrites();
    }

    /** What a view operator's result is to its operand; null if the operator had to copy. */
    static @Nullable Alias of(Tensor result, Tensor operand, View operator) {
        Layout position = position(result, operand, operator);
        if (position == null) {
            return null;
        }
        boolean recorded = GradMode.isEnabled();
        Alias known = operand.alias();
        if (!operator.differentiable(0)) {
            return new Alias(operand, null, position, true, recorded);
        }
        if (known == null || known.detached) {
            Layout whole = Layout.contiguous(operand.shape());
            return new Alias(operand, operator.view(whole).orElse(null), position, false, recorded);
        }
        Layout place = Optional.ofNullable(known.place).flatMap(operator::view).orElse(null);
        return new Alias(known.base, place, position, false, recorded && known.recorded);
    }

    private static @Nullable Layout position(Tensor result, Tensor operand, View operator) {
        if (!result.isPending()) {
            boolean shares = result.values().storage() == operand.values().storage();
            return shares ? result.values().layout() : null;
        }
        // what is still queued will lie in memory as eager mode would have it
        Layout from = Layout.contiguous(operand.shape());
        if (!operand.isPending()) {
            from = operand.values().layout();
        } else if (operand.alias() != null) {
            from = operand.alias().position;
        }
        return operator.view(from).orElse(null);
    }

    /** The tensor whose elements are shown. */
    Tensor base() {
        return base;
    }

    /** Where the elements lie in a contiguous base; null if strides cannot express it. */
    @Nullable
    Layout place() {
        return place;
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

// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.op.View;
import dev.capstan.runtime.type.Layout;
import org.jspecify.annotations.Nullable;

/** Where a view operator puts its result, remembered from the last time: calls of a region take the same views again. */
final class Viewing {
    private final View operator;
    private final boolean differentiable;
    private @Nullable Known known;

    /** An answer; {@code to} is null if strides cannot express the view. */
    private record Known(Layout from, @Nullable Layout to) {}

    Viewing(View operator) {
        this.operator = operator;
        this.differentiable = operator.differentiable(0);
    }

    /** True if gradients go through the view. */
    boolean isDifferentiable() {
        return differentiable;
    }

    /** How the result lies over an operand that lies like this; null if strides cannot express it. */
    @Nullable
    Layout of(Layout operand) {
        Known last = known;
        if (last == null || !last.from().equals(operand)) {
            last = new Known(operand, operator.view(operand).orElse(null));
            known = last;
        }
        return last.to();
    }
}

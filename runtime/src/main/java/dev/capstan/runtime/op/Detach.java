// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.Layout;
import java.util.Optional;

/** The same storage, off the tape. */
public record Detach() implements View {
    /** The same storage, off the tape. */
    public static <T> T detach(Ops<T> ops, T operand) {
        return ops.apply(new Detach(), operand);
    }

    @Override
    public Optional<Layout> view(Layout operand) {
        return Optional.of(operand);
    }

    @Override
    public boolean differentiable(int operand) {
        return false;
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        throw new IllegalStateException("detach is not differentiable");
    }
}

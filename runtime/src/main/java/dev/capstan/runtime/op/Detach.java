// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.Layout;
import java.util.Optional;

/**
 * The same storage, off the tape.
 *
 * @param apart whether the result counts the writes through it and its views by itself: those through others do not change
 *     its version, nor the other way round
 */
public record Detach(boolean apart) implements View {
    private static final Detach TOGETHER = new Detach(false);
    private static final Detach APART = new Detach(true);

    /** The same storage, off the tape. */
    public static <T> T detach(Ops<T> ops, T operand) {
        return ops.apply(TOGETHER, operand);
    }

    /** The same storage, off the tape and with a version of its own. */
    public static <T> T data(Ops<T> ops, T operand) {
        return ops.apply(APART, operand);
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

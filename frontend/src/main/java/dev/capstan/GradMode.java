// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import org.jspecify.annotations.Nullable;

/** Whether operators are recorded on the tape, per thread. On at first. */
public final class GradMode {
    /** Why nothing is recorded. */
    enum Off {
        NO_GRAD,
        INFERENCE
    }

    private GradMode() {}

    /** Undoes a change of the mode; for try-with-resources. */
    @FunctionalInterface
    public interface Scope extends AutoCloseable {
        @Override
        void close();
    }

    /** True if operators are recorded on this thread now. */
    public static boolean isEnabled() {
        return ThreadState.current().isRecording();
    }

    /** Records nothing until the scope is closed: {@code try (var off = GradMode.noGrad()) { ... }}. */
    public static Scope noGrad() {
        return set(false);
    }

    /** Records until the scope is closed, inside of {@link #noGrad()}. */
    public static Scope enableGrad() {
        return set(true);
    }

    /**
     * Records nothing until the scope is closed, and marks what is made meanwhile as {@linkplain Tensor#isInference()
     * inference tensors}, which the tape never takes: a promise that they are for results only. {@link #enableGrad()} has no
     * effect inside.
     */
    public static Scope inferenceMode() {
        return enter(Off.INFERENCE);
    }

    /** True inside of {@link #inferenceMode()} on this thread. */
    public static boolean isInferenceMode() {
        return ThreadState.current().isInference();
    }

    static Scope set(boolean enabled) {
        return enter(isInferenceMode() ? Off.INFERENCE : enabled ? null : Off.NO_GRAD);
    }

    private static Scope enter(@Nullable Off off) {
        ThreadState thread = ThreadState.current();
        Off before = thread.off;
        thread.off = off;
        return () -> ThreadState.current().off = before;
    }
}

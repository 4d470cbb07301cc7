// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

/** Whether operators are recorded on the tape, per thread. On at first. */
public final class GradMode {
    private static final ThreadLocal<Boolean> OFF = new ThreadLocal<>();

    private GradMode() {}

    /** Undoes a change of the mode; for try-with-resources. */
    @FunctionalInterface
    public interface Scope extends AutoCloseable {
        @Override
        void close();
    }

    /** True if operators are recorded on this thread now. */
    public static boolean isEnabled() {
        return OFF.get() == null;
    }

    /** Records nothing until the scope is closed: {@code try (var off = GradMode.noGrad()) { ... }}. */
    public static Scope noGrad() {
        return set(false);
    }

    /** Records until the scope is closed, inside of {@link #noGrad()}. */
    public static Scope enableGrad() {
        return set(true);
    }

    static Scope set(boolean enabled) {
        Boolean before = OFF.get();
        restore(enabled ? null : Boolean.TRUE);
        return () -> restore(before);
    }

    private static void restore(Boolean off) {
        if (off == null) {
            OFF.remove();
        } else {
            OFF.set(off);
        }
    }
}

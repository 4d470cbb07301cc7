// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.type.CapstanException;

/**
 * How compiled regions run, per thread and scope: {@code try (var scope = Stance.EAGER.enter()) { ... }}. The default is
 * {@link #COMPILED}; the system property {@code capstan.mode=eager} makes it {@link #EAGER}.
 */
public enum Stance {
    /** As ordinary eager code. */
    EAGER,
    /** A path that was taken often is compiled in the background; until then, and on a new path, eagerly. */
    COMPILED,
    /** A path is compiled when it is first taken, and the caller waits. */
    COMPILE_NOW,
    /** A path without a program is an error. */
    FAIL_ON_MISS;

    private static final Stance DEFAULT = fromProperty(System.getProperty("capstan.mode", "compiled"));

    private static Stance fromProperty(String mode) {
        return switch (mode) {
            case "eager" -> EAGER;
            case "compiled" -> COMPILED;
            default -> throw new CapstanException("capstan.mode", "neither eager nor compiled", mode);
        };
    }

    /** Undoes {@link #enter()}. */
    @FunctionalInterface
    public interface Scope extends AutoCloseable {
        @Override
        void close();
    }

    /** The stance on this thread now. */
    public static Stance current() {
        return of(ThreadState.current());
    }

    static Stance of(ThreadState thread) {
        return thread.stance == null ? DEFAULT : thread.stance;
    }

    /** Takes this stance on this thread until the scope is closed. */
    public Scope enter() {
        ThreadState thread = ThreadState.current();
        Stance before = thread.stance;
        thread.stance = this;
        return () -> ThreadState.current().stance = before;
    }
}

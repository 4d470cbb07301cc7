// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.parallel.Workers;

/**
 * How many threads share a large kernel, in eager mode and in programs. It changes no bit of any result. As many as the
 * process has cores do, unless this, or the system property {@code capstan.threads}, says otherwise; several calls at a time
 * share the same threads.
 */
public final class Threads {
    private Threads() {}

    /** The number of threads, the caller's included. */
    public static int number() {
        return Workers.shared().threads();
    }

    /**
     * Sets the number of threads of this process, the caller's included.
     *
     * @param threads at least 1; 1 computes everything on the caller's thread
     */
    public static void use(int threads) {
        Workers.shared().use(threads);
    }
}

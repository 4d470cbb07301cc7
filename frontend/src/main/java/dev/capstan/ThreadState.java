// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.spi.Tier;
import org.jspecify.annotations.Nullable;

/**
 * What a thread is doing now, in one object, so that an operator looks for it once. Only its own thread touches it, or one
 * that {@linkplain #inPlaceOf acts in its place} while it waits.
 */
final class ThreadState {
    private static final ThreadLocal<ThreadState> CURRENT = ThreadLocal.withInitial(ThreadState::new);

    /** The call of a compiled region that is under way. */
    @Nullable
    Region region;

    /** Why nothing is recorded on the tape; null if it is. */
    GradMode.@Nullable Off off;

    /** How compiled regions run; null for the default. */
    @Nullable
    Stance stance;

    /** How programs run; null for the default. */
    @Nullable
    Tier tier;

    /** Who looks for the origin of bad gradients. */
    @Nullable
    Anomaly anomaly;

    private ThreadState() {}

    static ThreadState current() {
        return CURRENT.get();
    }

    /** Does some work as the thread to which this belongs would, which does nothing meanwhile. */
    void inPlaceOf(Runnable work) {
        ThreadState own = CURRENT.get();
        CURRENT.set(this);
        try {
            work.run();
        } finally {
            CURRENT.set(own);
        }
    }

    /** True if operators are recorded on the tape. */
    boolean isRecording() {
        return off == null;
    }

    /** True in {@link GradMode#inferenceMode()}. */
    boolean isInference() {
        return off == GradMode.Off.INFERENCE;
    }
}

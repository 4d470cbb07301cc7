// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.capture;

import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Notices that the paths of a region keep differing, so that capturing them is work for nothing, and then leaves the region
 * alone: for a while, and for twice as long each time that nothing has changed.
 */
final class Dissolution {
    /** New paths that are put up with after a pause. */
    private static final int PROBE = 16;

    private static final int FIRST_PAUSE = 4096;
    private static final int LONGEST_PAUSE = 1 << 24;
    private static final System.Logger LOG = System.getLogger("dev.capstan.tracer");

    private final String region;
    /** So many more new paths than known ones are a storm: at least as many as the tree keeps, so that none can have come back. */
    private final int patience;

    private final AtomicInteger pausedCalls = new AtomicInteger();
    private volatile int excess;
    private int pause = FIRST_PAUSE;
    private int times;

    Dissolution(String region, int paths) {
        this.region = region;
        this.patience = Math.max(paths, 2 * PROBE);
    }

    /** False if this call had better not be captured. */
    boolean isOpen() {
        return pausedCalls.get() == 0 || pausedCalls.getAndUpdate(calls -> Math.max(0, calls - 1)) == 0;
    }

    /** Counts a call that was captured. */
    void captured(boolean unseen) {
        if (unseen || excess > 0) {
            count(unseen);
        }
    }

    private synchronized void count(boolean unseen) {
        if (!unseen) {
            excess = Math.max(0, excess - 1);
            return;
        }
        if (++excess < patience) {
            return;
        }
        if (times++ == 0) {
            LOG.log(
                    Level.WARNING,
                    region + ": its paths keep differing, so it runs eagerly; the compiled modules inside of it are"
                            + " compiled each on its own. Now and then it is tried again.");
        }
        excess = patience - PROBE;
        pausedCalls.set(pause);
        pause = Math.min(LONGEST_PAUSE, 2 * pause);
    }

    /** What there is to say of it. */
    synchronized Optional<String> description() {
        return times == 0
                ? Optional.empty()
                : Optional.of("dissolved " + times + " times because its paths keep differing; eager for the next "
                        + Math.max(0, pausedCalls.get()) + " calls");
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What another thread wants of a region while that still queues: that a segment runs now. The region's own thread does it
 * when it comes by; where that waits for something in the user's code, the visitor does it in its place. One of the two
 * begins, and the other one waits for the end.
 */
final class Visit {
    private static final int WANTED = 0;
    private static final int BEGUN = 1;
    private static final int DONE = 2;

    private static final long NAP_NANOS = 50_000;
    private static final Set<Thread.State> STANDING =
            Set.of(Thread.State.WAITING, Thread.State.TIMED_WAITING, Thread.State.BLOCKED);

    private final Segment segment;
    private final Runnable work;
    private final AtomicInteger state = new AtomicInteger(WANTED);

    Visit(Segment segment, Runnable work) {
        this.segment = segment;
        this.work = work;
    }

    /** True for the one thread that is to {@link #serve} it, and then to {@link #end} it. */
    boolean begin() {
        return state.compareAndSet(WANTED, BEGUN);
    }

    /** Does what is wanted, if the segment is still the one that is open. */
    void serve(@Nullable Segment open) {
        if (open == segment) {
            work.run();
        }
    }

    /** Lets the other thread go on, whether it was served or not. */
    void end() {
        state.set(DONE);
    }

    boolean isDone() {
        return state.get() == DONE;
    }

    /** Waits a little. */
    static void nap() {
        LockSupport.parkNanos(NAP_NANOS);
    }

    /**
     * True if a thread stands still in the code of a region's user, and not in ours. What it does next with a tensor of the region
     * looks for visits first: it has seen nothing of the region's fields since it began to wait. The question also makes
     * visible what the thread has done before.
     */
    static boolean findsAside(Thread owner) {
        if (!STANDING.contains(owner.getState())) {
            return false;
        }
        for (StackTraceElement frame : owner.getStackTrace()) {
            String type = frame.getClassName();
            if (type.equals(Region.class.getName()) && frame.getMethodName().equals("call")) {
                return STANDING.contains(owner.getState());
            }
            if (isOurs(type)) {
                return false;
            }
        }
        return false;
    }

    /** Classes of this package, of which users only see the surface, and of runtime and compiler. */
    private static boolean isOurs(String type) {
        String root = Region.class.getPackageName() + ".";
        if (!type.startsWith(root)) {
            return false;
        }
        String name = type.substring(root.length());
        return name.indexOf('.') < 0
                || name.startsWith("runtime.")
                || name.startsWith("tracer.")
                || name.startsWith("codegen.");
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.type.CapstanException;
import org.jspecify.annotations.Nullable;

/**
 * What other threads want of a region's tensors. Only one thread at a time touches what a region queues: the region's own lets
 * a visit in between two events, or the visitor acts in its place while it stands still.
 */
final class Visits {
    /** A thread that computes for so long without a tensor keeps no visitor waiting for ever: 30 s. */
    private static final long PATIENCE_NANOS = 30_000_000_000L;

    private final Region region;
    private final ThreadState state;
    private final Thread thread = Thread.currentThread();
    /** What another thread wants. */
    private volatile @Nullable Visit visit;
    /** The thread that runs a segment, or is taking it from one state to another: the region's own, or a visitor. */
    private @Nullable Thread busy;
    /** True while the region's thread waits for another region. */
    private volatile boolean aside;
    /** True if the region's call has ended. */
    private volatile boolean over;

    /** Of a region of this thread. */
    Visits(Region region, ThreadState state) {
        this.region = region;
        this.state = state;
    }

    /** True if no other thread waits. */
    boolean areNone() {
        return visit == null;
    }

    boolean isOwnThread() {
        return thread == Thread.currentThread();
    }

    /** Says that the region's call has ended. */
    void close() {
        over = true;
    }

    /** Says that this thread takes a segment from one state to another; what to {@link #release} it with. */
    @Nullable
    Thread engage() {
        Thread before = busy;
        busy = Thread.currentThread();
        return before;
    }

    /** Says that it has done so. */
    void release(@Nullable Thread before) {
        busy = before;
    }

    /** Does work during which no visit is let in. */
    void run(Runnable work) {
        Thread before = engage();
        try {
            work.run();
        } finally {
            release(before);
        }
    }

    /**
     * Waits until a visit of this thread has been served.
     *
     * @param own those of this thread's own region, or null
     */
    void visit(Visit wanted, @Nullable Visits own) {
        boolean leaves = own != null && own.isOwnThread();
        if (leaves) {
            own.aside = own.busy == null;
        }
        try {
            visit(wanted);
        } finally {
            if (leaves) {
                own.aside = false;
                own.letIn();
            }
        }
    }

    private synchronized void visit(Visit wanted) {
        visit = wanted;
        try {
            long start = System.nanoTime();
            while (!wanted.isDone()) {
                boolean late = System.nanoTime() - start > PATIENCE_NANOS;
                if ((late || over || aside || Visit.findsAside(thread)) && wanted.begin()) {
                    // the region's thread goes on when the visit has ended: by then nothing here may be of the visitor
                    try {
                        if (late) {
                            throw new CapstanException(
                                    region.name(),
                                    "another thread needs what the compiled region queues, and the region does not go on",
                                    thread.getName() + " is " + thread.getState());
                        }
                        state.inPlaceOf(() -> run(() -> wanted.serve(region.open())));
                    } finally {
                        wanted.end();
                    }
                } else {
                    Visit.nap();
                }
            }
        } finally {
            visit = null;
        }
    }

    /** Lets another thread's visit happen now. */
    void letIn() {
        Visit waiting = visit;
        if (waiting != null && busy != Thread.currentThread()) {
            if (waiting.begin()) {
                try {
                    run(() -> waiting.serve(region.open()));
                } finally {
                    waiting.end();
                }
            }
            while (!waiting.isDone()) {
                Visit.nap();
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.parallel;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;

/** Chunks of one kernel, which any thread may take. */
final class Work {
    /** So often a caller looks for the end of the last chunks before it gives up its core for a moment. */
    private static final int SPINS = 2_000;

    private static final long NAP_NANOS = 20_000;

    private final int chunks;
    private final IntConsumer body;
    private final AtomicInteger taken = new AtomicInteger();
    private final AtomicInteger done = new AtomicInteger();
    private volatile Throwable failure;

    Work(int chunks, IntConsumer body) {
        this.chunks = chunks;
        this.body = body;
    }

    /** Takes chunks until there are none. */
    void help() {
        for (int chunk = taken.getAndIncrement(); chunk < chunks; chunk = taken.getAndIncrement()) {
            try {
                if (failure == null) {
                    body.accept(chunk);
                }
            } catch (Throwable e) {
                failure = e;
            } finally {
                done.incrementAndGet();
            }
        }
    }

    /** Waits for the chunks that others have taken. */
    void await() {
        for (int spins = 0; done.get() < chunks; spins++) {
            if (spins < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(NAP_NANOS);
            }
        }
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure != null) {
            // a chunk declares no others
            throw (RuntimeException) failure;
        }
    }
}

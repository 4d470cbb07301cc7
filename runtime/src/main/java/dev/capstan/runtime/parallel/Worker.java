// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.parallel;

import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/** A thread that helps, begun at the first offer. */
final class Worker implements Runnable {
    /** Between two kernels of one program a worker does not fall asleep; after the last one it soon does. */
    private static final long SPIN_NANOS = 50_000;

    private final AtomicReference<Work> offered = new AtomicReference<>();
    private final int number;
    private volatile Thread thread;
    private volatile boolean asleep;
    private volatile boolean over;

    Worker(int number) {
        this.number = number;
    }

    /** Offers work; false if there is some already. */
    boolean offer(Work work) {
        if (!offered.compareAndSet(null, work)) {
            return false;
        }
        if (thread == null) {
            begin();
        } else if (asleep) {
            LockSupport.unpark(thread);
        }
        return true;
    }

    /** Takes an offer back that has not been looked at. */
    void withdraw(Work work) {
        offered.compareAndSet(work, null);
    }

    private synchronized void begin() {
        if (thread == null && !over) {
            Thread begun = new Thread(this, "capstan-worker-" + number);
            begun.setDaemon(true);
            thread = begun;
            begun.start();
        }
    }

    /** Ends the thread once it is idle. */
    synchronized void end() {
        over = true;
        LockSupport.unpark(thread);
    }

    @Override
    public void run() {
        long idle = System.nanoTime();
        while (!over) {
            Work work = offered.get();
            if (work != null) {
                work.help();
                offered.compareAndSet(work, null);
                idle = System.nanoTime();
            } else if (System.nanoTime() - idle < SPIN_NANOS) {
                Thread.onSpinWait();
            } else {
                asleep = true;
                // whoever offers something after this finds it asleep
                if (offered.get() == null && !over) {
                    LockSupport.park(this);
                }
                asleep = false;
                idle = System.nanoTime();
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The one thread on which generated code is made and run until the JIT has compiled it. All of that ends up in the same
 * queue of HotSpot's optimising compiler, which on a small machine is one thread: so jobs take turns by rank, and a later
 * one only runs while those before it wait for the compiler; those of eager mode only when there are no others. The thread
 * does not keep the process alive.
 */
public final class WarmUpThread {
    /** How soon the compiler is asked again whether it is done, in milliseconds. */
    private static final long PAUSE_MILLIS = 1;

    private static final WarmUpThread SHARED = new WarmUpThread();

    private final List<Entry> jobs = new ArrayList<>();
    private boolean started;

    /** What comes first. */
    public enum Rank {
        /** Matrix products, which everything needs. */
        PRODUCT,
        /** Kernels of programs. */
        PROGRAM,
        /** Kernels of eager mode. */
        EAGER
    }

    /** How a job stands after a slice of it. */
    public enum Progress {
        /** It has more to do at once. */
        WORKING,
        /** It waits for the JIT, or for another job. */
        WAITING,
        /** It needs no more slices. */
        DONE
    }

    /** Work in slices of some milliseconds. */
    public interface Job {
        /** Does a slice. */
        Progress advance();

        /** False once nobody has use for the result any more. */
        boolean isWanted();

        /** Told once if {@link #advance} throws, which ends the job. */
        void failed(Throwable reason);
    }

    private record Entry(Rank rank, Job job) {}

    private WarmUpThread() {}

    /** The one of this process. */
    public static WarmUpThread shared() {
        return SHARED;
    }

    /** Adds a job behind all others of its rank. */
    public synchronized void submit(Rank rank, Job job) {
        jobs.removeIf(entry -> !entry.job().isWanted());
        if (!started) {
            VectorPrelude.job().ifPresent(prelude -> jobs.add(new Entry(Rank.PRODUCT, prelude)));
        }
        jobs.add(new Entry(requireNonNull(rank, "rank"), requireNonNull(job, "job")));
        jobs.sort(Comparator.comparing(Entry::rank));
        if (!started) {
            started = true;
            Thread thread = new Thread(this::run, "capstan-warm-up");
            thread.setDaemon(true);
            thread.setPriority(Thread.NORM_PRIORITY - 1);
            thread.start();
        }
        notifyAll();
    }

    private void run() {
        try {
            while (true) {
                if (!round(waiting())) {
                    Thread.sleep(PAUSE_MILLIS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized List<Entry> waiting() throws InterruptedException {
        while (jobs.isEmpty()) {
            wait();
        }
        return List.copyOf(jobs);
    }

    /** A slice of each job up to the first that has more to do; tells whether there was one. */
    private boolean round(List<Entry> entries) {
        boolean others = false;
        for (Entry entry : entries) {
            if (entry.rank() == Rank.EAGER && others) {
                return false;
            }
            others |= entry.rank() != Rank.EAGER;
            Progress progress = advance(entry.job());
            if (progress == Progress.DONE) {
                synchronized (this) {
                    jobs.remove(entry);
                }
            }
            if (progress == Progress.WORKING) {
                return true;
            }
        }
        return false;
    }

    private static Progress advance(Job job) {
        try {
            return job.advance();
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
            job.failed(e);
            return Progress.DONE;
        }
    }
}

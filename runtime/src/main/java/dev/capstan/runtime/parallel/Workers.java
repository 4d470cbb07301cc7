// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.parallel;

import dev.capstan.runtime.type.CapstanException;
import java.util.function.IntConsumer;

/**
 * The threads of this process that help with large kernels. A caller divides its work into chunks and begins with them
 * itself; whoever is idle takes some of those that are left. So a caller never waits for a thread that has not begun, and
 * several callers at once share the helpers. Idle helpers spin for some microseconds, then they sleep. They do not keep the
 * process alive.
 *
 * <p>The number of threads, callers included, is that of the cores, unless the system property {@code capstan.threads} or
 * {@link #use} says otherwise.
 */
public final class Workers {
    private static final String PROPERTY = "capstan.threads";
    private static final Workers SHARED = new Workers(initial(System.getProperty(PROPERTY)));

    private volatile Worker[] workers;

    Workers(int threads) {
        workers = start(threads);
    }

    /** Those of this process. */
    public static Workers shared() {
        return SHARED;
    }

    private static int initial(String property) {
        if (property == null) {
            return Runtime.getRuntime().availableProcessors();
        }
        try {
            return verified(Integer.parseInt(property.trim()));
        } catch (NumberFormatException e) {
            throw new CapstanException(PROPERTY, "not a number of threads", property, e);
        }
    }

    private static int verified(int threads) {
        if (threads < 1) {
            throw new CapstanException(PROPERTY, "a number of threads is at least 1", Integer.toString(threads));
        }
        return threads;
    }

    private static Worker[] start(int threads) {
        Worker[] started = new Worker[threads - 1];
        for (int i = 0; i < started.length; i++) {
            started[i] = new Worker(i + 1);
        }
        return started;
    }

    /** How many threads a caller has, itself included. */
    public int threads() {
        return workers.length + 1;
    }

    /**
     * Sets how many threads a caller has, itself included. Work that is under way ends as it began.
     *
     * @param threads at least 1
     */
    public synchronized void use(int threads) {
        verified(threads);
        if (threads != threads()) {
            Worker[] before = workers;
            workers = start(threads);
            for (Worker worker : before) {
                worker.end();
            }
        }
    }

    /**
     * Runs a body once for each number from 0 to {@code chunks} - 1, in any order and on any of the threads, and returns when
     * all have been. What the caller has written before is visible to all chunks, and what they have written to the caller. An
     * exception of a chunk is thrown to the caller, once no chunk runs any more; the chunks not begun by then are left out.
     */
    public void forEach(int chunks, IntConsumer body) {
        Worker[] helpers = workers;
        if (chunks < 2 || helpers.length == 0) {
            for (int i = 0; i < chunks; i++) {
                body.accept(i);
            }
            return;
        }
        Work work = new Work(chunks, body);
        int asked = 0;
        for (int i = 0; i < helpers.length && asked < chunks - 1; i++) {
            asked += helpers[i].offer(work) ? 1 : 0;
        }
        work.help();
        for (Worker helper : helpers) {
            helper.withdraw(work);
        }
        work.await();
    }
}

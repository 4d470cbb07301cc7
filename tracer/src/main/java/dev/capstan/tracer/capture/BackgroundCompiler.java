// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.capture;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The one thread on which hot paths are compiled and warmed; it does not keep the process alive. */
final class BackgroundCompiler {
    private static final ExecutorService EXECUTOR = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "capstan-compiler");
        thread.setDaemon(true);
        thread.setPriority(Thread.NORM_PRIORITY - 1);
        return thread;
    });

    private BackgroundCompiler() {}

    static void submit(Runnable task) {
        EXECUTOR.execute(task);
    }
}

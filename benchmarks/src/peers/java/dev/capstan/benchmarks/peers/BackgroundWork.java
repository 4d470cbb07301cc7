// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

/** What other threads of this process do, compilers and collectors of garbage above all. */
final class BackgroundWork {
    private static final long LOOK_NANOS = 500_000_000L;
    private static final long PATIENCE_NANOS = 45_000_000_000L;
    private static final double LITTLE = 0.05;

    private final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();

    /** Steps until others need little of the processor; some always will, so only so long. */
    void awaitEnd(Program program) {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        double share;
        do {
            long process = system.getProcessCpuTime();
            long thread = threads.getCurrentThreadCpuTime();
            long end = System.nanoTime() + LOOK_NANOS;
            do {
                program.step();
            } while (System.nanoTime() < end);
            double own = threads.getCurrentThreadCpuTime() - thread;
            share = (system.getProcessCpuTime() - process - own) / own;
        } while (share > LITTLE && System.nanoTime() < deadline);
    }
}

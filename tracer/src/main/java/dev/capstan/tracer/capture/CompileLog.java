// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.capture;

/** How often a path was compiled and how long that took. */
final class CompileLog {
    private int compilations;
    private long nanos;

    synchronized void add(long duration) {
        compilations++;
        nanos += duration;
    }

    synchronized int compilations() {
        return compilations;
    }

    synchronized long nanos() {
        return nanos;
    }
}

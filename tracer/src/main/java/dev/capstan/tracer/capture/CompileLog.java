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

    /** Adds the time of a program that was made without a compilation. */
    synchronized void addWithoutCompilation(long duration) {
        nanos += duration;
    }

    synchronized int compilations() {
        return compilations;
    }

    synchronized long nanos() {
        return nanos;
    }
}

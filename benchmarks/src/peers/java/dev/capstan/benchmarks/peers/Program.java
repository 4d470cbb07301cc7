// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

/** A work as one library does it, ready to run. */
interface Program {
    /** Does the work once; this is what is timed. A loss is read, and other results are left in place. */
    void step();

    /** What the last step gave: its loss, gradients or output. */
    float[] result();

    /** Steps until further steps take no longer than they ever will. */
    default void settle() {}

    /** Checks that the steps since {@link #settle} were what was to be timed. */
    default void verify() {}
}

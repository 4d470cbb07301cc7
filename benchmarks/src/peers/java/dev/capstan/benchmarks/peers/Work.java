// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

/** Something to compute, with its data: every library starts from the same numbers. */
interface Work {
    /**
     * The work as a library does it.
     *
     * @param pace how fast parameters learn, as a factor. Time is measured at a pace so small that nothing converges
     *     meanwhile: a network that has learned everything computes on zeros, and on what is almost zero and slow
     * @throws UnsupportedOperationException if the library does not do this
     */
    Program start(Library library, double pace);

    /** How many steps are compared before any is timed. */
    int comparedSteps();

    /** The largest difference of results that passes, relative to the largest of them. */
    double tolerance();
}

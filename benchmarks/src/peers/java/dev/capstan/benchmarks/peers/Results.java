// SPDX-License-Identifier: Apache-2.0
package dev.capstan.benchmarks.peers;

import java.util.Arrays;

/** What steps give, and whether two libraries agree on it. */
final class Results {
    private Results() {}

    /** One after another. */
    static float[] joined(float[]... parts) {
        float[] joined = new float[Arrays.stream(parts).mapToInt(part -> part.length).sum()];
        int filled = 0;
        for (float[] part : parts) {
            System.arraycopy(part, 0, joined, filled, part.length);
            filled += part.length;
        }
        return joined;
    }

    /**
     * Lets two libraries do a work and compares the results of the first steps.
     *
     * @throws IllegalStateException if they differ by more than the work tolerates
     */
    static void requireEqual(Work work, Library ours, Library theirs) {
        Program left = work.start(ours, 1);
        Program right = work.start(theirs, 1);
        for (int step = 0; step < work.comparedSteps(); step++) {
            left.step();
            right.step();
            requireEqual(work, step, left.result(), right.result());
        }
    }

    private static String name(Work work) {
        return work.getClass().getSimpleName();
    }

    private static void requireEqual(Work work, int step, float[] ours, float[] theirs) {
        if (ours.length != theirs.length) {
            throw new IllegalStateException(name(work) + ": lengths differ: " + ours.length + " != " + theirs.length);
        }
        double largest = 0;
        double difference = 0;
        int where = 0;
        for (int i = 0; i < ours.length; i++) {
            largest = Math.max(largest, Math.abs(theirs[i]));
            double here = Math.abs(ours[i] - theirs[i]);
            // whatever is no number differs
            if (!(here <= difference)) {
                difference = here;
                where = i;
            }
        }
        if (!(difference <= work.tolerance() * largest)) {
            throw new IllegalStateException(String.format(
                    "%s: step %d: results differ: element %d: %s != %s",
                    name(work), step, where, ours[where], theirs[where]));
        }
    }
}

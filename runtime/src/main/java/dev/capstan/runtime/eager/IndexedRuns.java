// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import java.util.Arrays;

/** Copies and adds runs of elements to and from places that were looked up. */
final class IndexedRuns {
    /** The place of a run that is not there: zeros are read, and nothing is added. */
    static final int NOWHERE = -1;

    private IndexedRuns() {}

    static void copy(float[] source, int[] places, float[] target, int to, int run) {
        if (run == 1) {
            for (int i = 0; i < places.length; i++) {
                target[to + i] = places[i] == NOWHERE ? 0 : source[places[i]];
            }
            return;
        }
        int at = to;
        for (int place : places) {
            if (place == NOWHERE) {
                Arrays.fill(target, at, at + run, 0);
            } else {
                System.arraycopy(source, place, target, at, run);
            }
            at += run;
        }
    }

    static void copy(double[] source, int[] places, double[] target, int to, int run) {
        if (run == 1) {
            for (int i = 0; i < places.length; i++) {
                target[to + i] = places[i] == NOWHERE ? 0 : source[places[i]];
            }
            return;
        }
        int at = to;
        for (int place : places) {
            if (place == NOWHERE) {
                Arrays.fill(target, at, at + run, 0);
            } else {
                System.arraycopy(source, place, target, at, run);
            }
            at += run;
        }
    }

    static void copy(long[] source, int[] places, long[] target, int to, int run) {
        if (run == 1) {
            for (int i = 0; i < places.length; i++) {
                target[to + i] = places[i] == NOWHERE ? 0 : source[places[i]];
            }
            return;
        }
        int at = to;
        for (int place : places) {
            if (place == NOWHERE) {
                Arrays.fill(target, at, at + run, 0);
            } else {
                System.arraycopy(source, place, target, at, run);
            }
            at += run;
        }
    }

    static void copy(int[] source, int[] places, int[] target, int to, int run) {
        if (run == 1) {
            for (int i = 0; i < places.length; i++) {
                target[to + i] = places[i] == NOWHERE ? 0 : source[places[i]];
            }
            return;
        }
        int at = to;
        for (int place : places) {
            if (place == NOWHERE) {
                Arrays.fill(target, at, at + run, 0);
            } else {
                System.arraycopy(source, place, target, at, run);
            }
            at += run;
        }
    }

    static void copy(byte[] source, int[] places, byte[] target, int to, int run) {
        if (run == 1) {
            for (int i = 0; i < places.length; i++) {
                target[to + i] = places[i] == NOWHERE ? 0 : source[places[i]];
            }
            return;
        }
        int at = to;
        for (int place : places) {
            if (place == NOWHERE) {
                Arrays.fill(target, at, at + run, (byte) 0);
            } else {
                System.arraycopy(source, place, target, at, run);
            }
            at += run;
        }
    }

    static void add(float[] source, int[] taken, float[] target, int[] places, int run) {
        for (int i = 0; i < places.length; i++) {
            int from = taken[i];
            int to = places[i];
            for (int j = 0; to != NOWHERE && j < run; j++) {
                target[to + j] += source[from + j];
            }
        }
    }

    static void add(double[] source, int[] taken, double[] target, int[] places, int run) {
        for (int i = 0; i < places.length; i++) {
            int from = taken[i];
            int to = places[i];
            for (int j = 0; to != NOWHERE && j < run; j++) {
                target[to + j] += source[from + j];
            }
        }
    }

    static void add(long[] source, int[] taken, long[] target, int[] places, int run) {
        for (int i = 0; i < places.length; i++) {
            int from = taken[i];
            int to = places[i];
            for (int j = 0; to != NOWHERE && j < run; j++) {
                target[to + j] += source[from + j];
            }
        }
    }

    static void add(int[] source, int[] taken, int[] target, int[] places, int run) {
        for (int i = 0; i < places.length; i++) {
            int from = taken[i];
            int to = places[i];
            for (int j = 0; to != NOWHERE && j < run; j++) {
                target[to + j] += source[from + j];
            }
        }
    }

    static void add(byte[] source, int[] taken, byte[] target, int[] places, int run) {
        for (int i = 0; i < places.length; i++) {
            int from = taken[i];
            int to = places[i];
            for (int j = 0; to != NOWHERE && j < run; j++) {
                target[to + j] += source[from + j];
            }
        }
    }
}

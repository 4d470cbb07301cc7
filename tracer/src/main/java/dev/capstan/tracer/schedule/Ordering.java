// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntFunction;

/**
 * The order of units: each after those that it needs, and otherwise that of the program, which computes values shortly
 * before they are used.
 */
final class Ordering {
    private final List<Task> tasks;
    private final int[][] units;
    private final IntFunction<int[]> needed;

    /**
     * Orders nothing yet.
     *
     * @param units the tasks of each unit; an empty one does not count
     * @param needed the units that a unit waits for, each once
     */
    Ordering(List<Task> tasks, int[][] units, IntFunction<int[]> needed) {
        this.tasks = tasks;
        this.units = units;
        this.needed = needed;
    }

    /** The units in order. */
    int[] ordered() {
        int[] missing = new int[units.length];
        // those that wait for a unit stand from its bound on to the next one's
        int[] bounds = new int[units.length + 1];
        int[][] before = new int[units.length][];
        for (int unit = 0; unit < units.length; unit++) {
            before[unit] = needed.apply(unit);
            missing[unit] = before[unit].length;
            for (int other : before[unit]) {
                bounds[other]++;
            }
        }
        for (int unit = 1; unit < bounds.length; unit++) {
            bounds[unit] += bounds[unit - 1];
        }
        int[] waiting = new int[bounds[units.length]];
        long[] byPosition = new long[units.length];
        int count = 0;
        for (int unit = 0; unit < units.length; unit++) {
            for (int other : before[unit]) {
                waiting[--bounds[other]] = unit;
            }
            if (units[unit].length > 0) {
                byPosition[count++] = (long) position(unit) << Integer.SIZE | unit;
            }
        }
        Arrays.sort(byPosition, 0, count);
        int[] ranks = new int[units.length];
        BitSet ready = new BitSet(count);
        for (int rank = 0; rank < count; rank++) {
            ranks[(int) byPosition[rank]] = rank;
            ready.set(rank, missing[(int) byPosition[rank]] == 0);
        }
        int[] ordered = new int[count];
        int next = 0;
        for (int rank = ready.nextSetBit(0); rank >= 0; rank = ready.nextSetBit(rank)) {
            ready.clear(rank);
            int unit = (int) byPosition[rank];
            ordered[next++] = unit;
            for (int i = bounds[unit]; i < bounds[unit + 1]; i++) {
                int other = waiting[i];
                if (--missing[other] == 0) {
                    ready.set(ranks[other]);
                    rank = Math.min(rank, ranks[other]);
                }
            }
        }
        if (next != count) {
            throw new IllegalStateException("units wait for one another: " + Arrays.toString(missing));
        }
        return ordered;
    }

    /** Where the program would have finished the unit's computations; copies go along with what they copy. */
    private int position(int unit) {
        int position = -1;
        for (int task : units[unit]) {
            if (tasks.get(task).isWhole()) {
                position = Math.max(position, tasks.get(task).order());
            }
        }
        return position >= 0 ? position : tasks.get(units[unit][0]).order();
    }
}

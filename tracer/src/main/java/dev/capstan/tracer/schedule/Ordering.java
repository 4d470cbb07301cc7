// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
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
        int[] first = new int[units.length];
        int[][] before = new int[units.length][];
        for (int unit = 0; unit < units.length; unit++) {
            before[unit] = needed.apply(unit);
            missing[unit] = before[unit].length;
            for (int other : before[unit]) {
                first[other]++;
            }
        }
        int[][] waiting = new int[units.length][];
        for (int unit = 0; unit < units.length; unit++) {
            waiting[unit] = new int[first[unit]];
        }
        int[] positions = new int[units.length];
        PriorityQueue<Integer> ready = new PriorityQueue<>(
                Comparator.<Integer>comparingInt(unit -> positions[unit]).thenComparingInt(unit -> unit));
        int count = 0;
        for (int unit = 0; unit < units.length; unit++) {
            for (int other : before[unit]) {
                waiting[other][--first[other]] = unit;
            }
            if (units[unit].length > 0) {
                count++;
                positions[unit] = position(unit);
                if (missing[unit] == 0) {
                    ready.add(unit);
                }
            }
        }
        int[] ordered = new int[count];
        int next = 0;
        while (!ready.isEmpty()) {
            int unit = ready.remove();
            ordered[next++] = unit;
            for (int other : waiting[unit]) {
                if (--missing[other] == 0) {
                    ready.add(other);
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

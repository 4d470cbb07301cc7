// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import java.util.Arrays;

/**
 * Units of tasks in an order in which they could run, kept in order while units are united. What unites is near: values
 * that are computed far apart had better not wait for one another, and the order is then mended within a short stretch.
 */
final class UnitOrder {
    private static final int NOBODY = -1;

    private final int farthest;
    private final int[][] needed;
    private final int[] unitOf;
    private final int[][] tasksOf;
    private final int[] positions;
    private final int[] unitAt;
    /** The last question in which a unit was found to wait for the earlier one of two. */
    private final int[] waiting;

    private int questions;

    /**
     * Each task is a unit.
     *
     * @param needed for each task those that come before it
     * @param order all tasks in an order in which they could run
     * @param farthest so far apart two units may stand that are united
     */
    UnitOrder(int[][] needed, int[] order, int farthest) {
        this.farthest = farthest;
        this.needed = needed;
        this.unitOf = new int[needed.length];
        this.tasksOf = new int[needed.length][];
        this.positions = new int[needed.length];
        this.unitAt = order.clone();
        this.waiting = new int[needed.length];
        for (int task = 0; task < needed.length; task++) {
            unitOf[task] = task;
            tasksOf[task] = new int[] {task};
            positions[order[task]] = task;
        }
    }

    /** The unit of a task. */
    int of(int task) {
        return unitOf[task];
    }

    /** The tasks of a unit, ascending; none if it was united with another. */
    int[] tasks(int unit) {
        return tasksOf[unit];
    }

    /** Makes the second unit a part of the first; false, and nothing happens, if one waits for a third that waits for the other. */
    boolean unite(int target, int source) {
        boolean first = positions[target] < positions[source];
        int earlier = first ? target : source;
        int later = first ? source : target;
        int begin = positions[earlier];
        int end = positions[later];
        if (end - begin > farthest) {
            return false;
        }
        questions++;
        for (int position = begin + 1; position < end; position++) {
            int unit = unitAt[position];
            if (unit != NOBODY && waits(unit, earlier, true)) {
                waiting[unit] = questions;
            }
        }
        if (waits(later, earlier, false)) {
            return false;
        }
        reorder(begin, end, target);
        int[] tasks = Arrays.copyOf(tasksOf[target], tasksOf[target].length + tasksOf[source].length);
        for (int i = 0; i < tasksOf[source].length; i++) {
            int task = tasksOf[source][i];
            tasks[tasksOf[target].length + i] = task;
            unitOf[task] = target;
        }
        Arrays.sort(tasks);
        tasksOf[target] = tasks;
        tasksOf[source] = new int[0];
        return true;
    }

    /** True if a unit needs one that waits for another, or, {@code itself}, if it needs that. */
    private boolean waits(int unit, int other, boolean itself) {
        for (int task : tasksOf[unit]) {
            for (int before : needed[task]) {
                int owner = unitOf[before];
                if (owner == other ? itself : waiting[owner] == questions && owner != unit) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Puts what does not wait first, then the united ones, then what waits for them. */
    private void reorder(int begin, int end, int united) {
        int[] stretch = Arrays.copyOfRange(unitAt, begin + 1, end);
        int next = begin;
        for (int unit : stretch) {
            if (unit != NOBODY && waiting[unit] != questions) {
                next = put(unit, next);
            }
        }
        next = put(united, next);
        for (int unit : stretch) {
            if (unit != NOBODY && waiting[unit] == questions) {
                next = put(unit, next);
            }
        }
        Arrays.fill(unitAt, next, end + 1, NOBODY);
    }

    private int put(int unit, int position) {
        unitAt[position] = unit;
        positions[unit] = position;
        return position + 1;
    }

    /** The units whose results a unit reads, without itself, each once. */
    int[] needed(int unit) {
        questions++;
        int[] found = new int[8];
        int count = 0;
        for (int task : tasksOf[unit]) {
            for (int before : needed[task]) {
                int owner = unitOf[before];
                if (owner != unit && waiting[owner] != questions) {
                    waiting[owner] = questions;
                    found = count == found.length ? Arrays.copyOf(found, 2 * count) : found;
                    found[count++] = owner;
                }
            }
        }
        return Arrays.copyOf(found, count);
    }
}

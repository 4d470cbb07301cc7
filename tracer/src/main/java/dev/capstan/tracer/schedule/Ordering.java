// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.IntFunction;

/**
 * The order of the units: each after those that it needs, and otherwise that of the program, which computes values
 * shortly before they are used.
 */
final class Ordering {
    private final List<Task> tasks;
    private final List<? extends Collection<Integer>> units;
    private final IntFunction<Set<Integer>> needed;

    /**
     * Orders nothing yet.
     *
     * @param units the tasks of each unit; an empty one does not count
     * @param needed the units that a unit waits for
     */
    Ordering(List<Task> tasks, List<? extends Collection<Integer>> units, IntFunction<Set<Integer>> needed) {
        this.tasks = tasks;
        this.units = units;
        this.needed = needed;
    }

    /** The tasks of each unit in order, the units in order. */
    List<List<Task>> ordered() {
        int[] missing = new int[units.size()];
        List<List<Integer>> waiting = new ArrayList<>();
        units.forEach(unit -> waiting.add(new ArrayList<>()));
        PriorityQueue<Integer> ready =
                new PriorityQueue<>(Comparator.comparingInt(this::position).thenComparingInt(unit -> unit));
        for (int unit = 0; unit < missing.length; unit++) {
            Set<Integer> before = needed.apply(unit);
            missing[unit] = before.size();
            for (int other : before) {
                waiting.get(other).add(unit);
            }
            if (before.isEmpty() && !units.get(unit).isEmpty()) {
                ready.add(unit);
            }
        }
        List<List<Task>> ordered = new ArrayList<>();
        while (!ready.isEmpty()) {
            int unit = ready.remove();
            ordered.add(units.get(unit).stream().map(tasks::get).toList());
            for (int other : waiting.get(unit)) {
                if (--missing[other] == 0) {
                    ready.add(other);
                }
            }
        }
        if (ordered.size() != units.stream().filter(unit -> !unit.isEmpty()).count()) {
            throw new IllegalStateException("units wait for one another");
        }
        return ordered;
    }

    /** Where the program would have finished the unit's computations; copies go along with what they copy. */
    private int position(int unit) {
        int position = -1;
        for (int task : units.get(unit)) {
            if (tasks.get(task).isWhole()) {
                position = Math.max(position, tasks.get(task).order());
            }
        }
        return position >= 0
                ? position
                : tasks.get(units.get(unit).iterator().next()).order();
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.rewrite.LayoutAlgebra;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Groups tasks into units, each of which becomes one step. A reduction takes in the element-wise computations that
 * only it reads. Other element-wise tasks of one iteration space form groups: first along the edges from producer to
 * consumer, latest producer first, then side by side where they read the same full-size tensor. A group never waits
 * for itself, and is bounded: large vector methods are compiled badly.
 */
final class Fusion {
    /** Instructions of a unit's kernel beyond those of its largest operator. */
    private static final int MOST_INSTRUCTIONS = 40;

    /** Arrays that a unit's kernel reads and writes. */
    private static final int MOST_ARRAYS = 12;

    private final Lowering lowering;
    private final Roots roots;
    private final Dependencies dependencies;
    private final List<Task> tasks;
    private final List<Shape> spaces = new ArrayList<>();
    private final int[][] needed;
    private final int[] unitOf;
    private final List<TreeSet<Integer>> units = new ArrayList<>();

    Fusion(Lowering lowering, Dependencies dependencies) {
        this.lowering = lowering;
        this.roots = lowering.roots();
        this.dependencies = dependencies;
        this.tasks = lowering.tasks();
        this.unitOf = new int[tasks.size()];
        this.needed = new int[unitOf.length][];
        for (int task = 0; task < unitOf.length; task++) {
            needed[task] = dependencies.needed(task).stream()
                    .mapToInt(Integer::intValue)
                    .sorted()
                    .toArray();
            unitOf[task] = task;
            units.add(new TreeSet<>(Set.of(task)));
            spaces.add(LayoutAlgebra.compact(Layout.contiguous(tasks.get(task).shape()))
                    .shape());
        }
    }

    /** The units, each as its tasks in order; they can run in the order in which they are listed. */
    List<List<Task>> units() {
        for (int task = 0; task < unitOf.length; task++) {
            if (tasks.get(task) instanceof Task.Fold) {
                absorb(task);
            }
        }
        for (int task = 0; task < unitOf.length; task++) {
            if (isFree(task)) {
                joinProducers(task);
            }
        }
        joinNeighbours();
        return new Ordering(tasks, units, this::neededUnits).ordered();
    }

    /** True for an element-wise task that no reduction has taken in. */
    private boolean isFree(int task) {
        return tasks.get(task) instanceof Task.Map
                && tasks.get(units.get(unitOf[task]).last()) instanceof Task.Map;
    }

    private void absorb(int fold) {
        TreeSet<Integer> candidates = producers(fold);
        while (!candidates.isEmpty()) {
            int candidate = candidates.pollLast();
            Set<Integer> together = new HashSet<>(units.get(unitOf[fold]));
            together.add(candidate);
            if (isOnlyReadIn(tasks.get(candidate).writes(), together) && fits(together)) {
                unite(fold, candidate);
                candidates.addAll(producers(candidate));
            }
        }
    }

    private boolean isOnlyReadIn(int root, Set<Integer> unit) {
        if (lowering.placement().isRequired(root)) {
            return false;
        }
        for (int reader : dependencies.readers(root)) {
            if (!unit.contains(reader) || dependencies.isBarrier(dependencies.map(root), tasks.get(reader))) {
                return false;
            }
        }
        return true;
    }

    /** The tasks whose results a task could compute itself. */
    private TreeSet<Integer> producers(int task) {
        TreeSet<Integer> producers = new TreeSet<>();
        for (int operand : tasks.get(task).operands()) {
            if (dependencies.isDirect(tasks.get(task), operand)) {
                producers.add(dependencies.map(roots.of(operand)));
            }
        }
        return producers;
    }

    private void joinProducers(int task) {
        for (int producer : producers(task).descendingSet()) {
            join(producer, task);
        }
    }

    private void joinNeighbours() {
        Map<List<Object>, Integer> first = new HashMap<>();
        for (int task = 0; task < unitOf.length; task++) {
            if (isFree(task)) {
                for (int operand : tasks.get(task).operands()) {
                    Layout layout = roots.layout(operand);
                    boolean full = layout.shape().equals(tasks.get(task).shape())
                            && layout.extent() - layout.offset()
                                    >= layout.shape().elements();
                    if (full && !roots.isConstant(roots.of(operand))) {
                        List<Object> key = List.of(roots.of(operand), LayoutAlgebra.compact(layout));
                        Integer neighbour = first.putIfAbsent(key, task);
                        if (neighbour != null && !join(neighbour, task)) {
                            first.put(key, task);
                        }
                    }
                }
            }
        }
    }

    /** Makes one unit of those of two tasks if that is possible. */
    private boolean join(int a, int b) {
        int left = unitOf[a];
        int right = unitOf[b];
        if (left == right) {
            return true;
        }
        if (!isFree(a) || !isFree(b) || !spaces.get(a).equals(spaces.get(b))) {
            return false;
        }
        Set<Integer> together = new HashSet<>(units.get(left));
        together.addAll(units.get(right));
        if (isSeparated(left, right)
                || isSeparated(right, left)
                || !fits(together)
                || waits(left, right)
                || waits(right, left)) {
            return false;
        }
        unite(a, b);
        return true;
    }

    private void unite(int a, int b) {
        int target = unitOf[a];
        int source = unitOf[b];
        for (int task : units.get(source)) {
            unitOf[task] = target;
            units.get(target).add(task);
        }
        units.set(source, new TreeSet<>());
    }

    /** True if a task of one unit reads a result of the other as a whole, or writes over one. */
    private boolean isSeparated(int reading, int writing) {
        for (int task : units.get(reading)) {
            if (dependencies.covered(task).stream().anyMatch(writer -> unitOf[writer] == writing)) {
                return true;
            }
            for (int operand : tasks.get(task).operands()) {
                for (int writer : dependencies.writers(roots.of(operand))) {
                    if (unitOf[writer] == writing && !dependencies.isDirect(tasks.get(task), operand)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /** True if one unit waits for a third that waits for the other. */
    private boolean waits(int waiting, int other) {
        BitSet seen = new BitSet();
        seen.set(waiting);
        Deque<Integer> open = new ArrayDeque<>();
        for (int unit : neededUnits(waiting)) {
            seen.set(unit);
            if (unit != other) {
                open.push(unit);
            }
        }
        while (!open.isEmpty()) {
            for (int task : units.get(open.pop())) {
                for (int writer : needed[task]) {
                    int unit = unitOf[writer];
                    if (unit == other) {
                        return true;
                    }
                    if (!seen.get(unit)) {
                        seen.set(unit);
                        open.push(unit);
                    }
                }
            }
        }
        return false;
    }

    /** The units whose results a unit reads, without itself. */
    private Set<Integer> neededUnits(int unit) {
        Set<Integer> result = new HashSet<>();
        for (int task : units.get(unit)) {
            for (int writer : needed[task]) {
                result.add(unitOf[writer]);
            }
        }
        result.remove(unit);
        return result;
    }

    private boolean fits(Set<Integer> unit) {
        int sum = 0;
        int largest = 0;
        Set<List<Object>> read = new HashSet<>();
        int written = 0;
        for (int index : unit) {
            Task task = tasks.get(index);
            int own = instructions(task);
            sum += own;
            largest = Math.max(largest, own);
            for (int operand : task.operands()) {
                int root = roots.of(operand);
                boolean inside = unit.contains(dependencies.map(root)) && dependencies.isDirect(task, operand);
                if (!inside && !roots.isConstant(root)) {
                    read.add(List.of(
                            root, LayoutAlgebra.compact(roots.layout(operand).expand(task.shape()))));
                }
            }
            boolean leaves = !task.isWhole()
                    || lowering.placement().isRequired(task.writes())
                    || !unit.containsAll(dependencies.readers(task.writes()));
            written += leaves ? 1 : 0;
        }
        return sum - largest <= MOST_INSTRUCTIONS && read.size() + written <= MOST_ARRAYS;
    }

    private int instructions(Task task) {
        if (!(task instanceof Task.Map map)) {
            return 0;
        }
        Kernel kernel = map.kernel();
        return (int) kernel.instructions().stream()
                .filter(step -> step.primitive() != Primitive.INPUT && step.primitive() != Primitive.CONSTANT)
                .count();
    }
}

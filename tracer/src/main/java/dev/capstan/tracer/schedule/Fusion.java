// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.rewrite.LayoutAlgebra;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

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

    private final Roots roots;
    private final Placement placement;
    private final Dependencies dependencies;
    private final List<Task> tasks;
    private final List<Shape> spaces = new ArrayList<>();
    private final int[] instructions;
    private final Operand[][] operands;
    private final UnitOrder units;

    /**
     * What a task reads.
     *
     * @param root in whose memory it lies
     * @param writer the task that computes all of it element by element, or {@link Task#NOTHING}
     * @param isDirect whether that computation could be put in
     * @param read a number for the root and how it is read, or {@link #UNREAD}
     */
    private record Operand(int root, int writer, boolean isDirect, int read) {}

    /** A number is a part of the kernel. */
    private static final int UNREAD = -1;

    Fusion(Lowering lowering, Dependencies dependencies) {
        this.roots = lowering.roots();
        this.placement = lowering.placement();
        this.dependencies = dependencies;
        this.tasks = lowering.tasks();
        this.instructions = new int[tasks.size()];
        this.operands = new Operand[instructions.length][];
        int[][] needed = new int[instructions.length][];
        int[][] alone = new int[instructions.length][];
        Map<List<Object>, Integer> reads = new HashMap<>();
        for (int index = 0; index < instructions.length; index++) {
            Task task = tasks.get(index);
            instructions[index] = instructions(task);
            operands[index] = task.operands().stream()
                    .map(value -> operand(task, value, reads))
                    .toArray(Operand[]::new);
            needed[index] = dependencies.needed(index).stream()
                    .mapToInt(Integer::intValue)
                    .sorted()
                    .toArray();
            alone[index] = new int[] {index};
            spaces.add(LayoutAlgebra.compact(Layout.contiguous(task.shape())).shape());
        }
        this.units = new UnitOrder(needed, new Ordering(tasks, alone, task -> needed[task]).ordered());
    }

    private Operand operand(Task task, int value, Map<List<Object>, Integer> reads) {
        int root = roots.of(value);
        int read = UNREAD;
        if (!roots.isConstant(root)) {
            Layout layout = LayoutAlgebra.compact(roots.layout(value).expand(task.shape()));
            read = reads.computeIfAbsent(List.of(root, layout), unseen -> reads.size());
        }
        return new Operand(root, dependencies.map(root), dependencies.isDirect(task, value), read);
    }

    private static int instructions(Task task) {
        if (!(task instanceof Task.Map map)) {
            return 0;
        }
        Kernel kernel = map.kernel();
        return (int) kernel.instructions().stream()
                .filter(step -> step.primitive() != Primitive.INPUT && step.primitive() != Primitive.CONSTANT)
                .count();
    }

    /** The units, each as its tasks in order; they can run in the order in which they are listed. */
    List<List<Task>> units() {
        for (int task = 0; task < operands.length; task++) {
            if (tasks.get(task) instanceof Task.Fold) {
                absorb(task);
            }
        }
        for (int task = 0; task < operands.length; task++) {
            if (isFree(task)) {
                for (int producer : producers(task).descendingSet()) {
                    join(producer, task);
                }
            }
        }
        joinNeighbours();
        int[][] members =
                IntStream.range(0, operands.length).mapToObj(units::tasks).toArray(int[][]::new);
        return Arrays.stream(new Ordering(tasks, members, units::needed).ordered())
                .mapToObj(unit ->
                        Arrays.stream(members[unit]).mapToObj(tasks::get).toList())
                .toList();
    }

    /** True for an element-wise task that no reduction has taken in. */
    private boolean isFree(int task) {
        int[] unit = units.tasks(units.of(task));
        return tasks.get(task) instanceof Task.Map && tasks.get(unit[unit.length - 1]) instanceof Task.Map;
    }

    private void absorb(int fold) {
        TreeSet<Integer> candidates = producers(fold);
        while (!candidates.isEmpty()) {
            int candidate = candidates.pollLast();
            if (isOnlyRead(candidate, units.of(fold))
                    && fits(units.of(fold), units.of(candidate))
                    && units.unite(units.of(fold), units.of(candidate))) {
                candidates.addAll(producers(candidate));
            }
        }
    }

    /** True if a task's result is of use to a unit alone, which could compute it itself. */
    private boolean isOnlyRead(int task, int unit) {
        int root = tasks.get(task).writes();
        if (placement.isRequired(root)) {
            return false;
        }
        for (int reader : dependencies.readers(root)) {
            boolean inside = units.of(reader) == unit || reader == task;
            if (!inside || dependencies.isBarrier(task, tasks.get(reader))) {
                return false;
            }
        }
        return true;
    }

    /** The tasks whose results a task could compute itself. */
    private TreeSet<Integer> producers(int task) {
        TreeSet<Integer> producers = new TreeSet<>();
        for (Operand operand : operands[task]) {
            if (operand.isDirect) {
                producers.add(operand.writer);
            }
        }
        return producers;
    }

    private void joinNeighbours() {
        Map<List<Object>, Integer> first = new HashMap<>();
        for (int task = 0; task < operands.length; task++) {
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
        int left = units.of(a);
        int right = units.of(b);
        if (left == right) {
            return true;
        }
        return isFree(a)
                && isFree(b)
                && spaces.get(a).equals(spaces.get(b))
                && !isSeparated(left, right)
                && !isSeparated(right, left)
                && fits(left, right)
                && units.unite(left, right);
    }

    /** True if a task of one unit reads a result of the other as a whole, or writes over one. */
    private boolean isSeparated(int reading, int writing) {
        for (int task : units.tasks(reading)) {
            for (int writer : dependencies.covered(task)) {
                if (units.of(writer) == writing) {
                    return true;
                }
            }
            for (Operand operand : operands[task]) {
                if (!operand.isDirect) {
                    for (int writer : dependencies.writers(operand.root)) {
                        if (units.of(writer) == writing) {
                            return true;
                        }
                    }
                }
            }
        }
        return false;
    }

    /** True if one kernel for both units would not be too large. */
    private boolean fits(int left, int right) {
        int sum = 0;
        int largest = 0;
        Set<Integer> read = new HashSet<>();
        int written = 0;
        for (int unit : new int[] {left, right}) {
            for (int index : units.tasks(unit)) {
                Task task = tasks.get(index);
                sum += instructions[index];
                largest = Math.max(largest, instructions[index]);
                for (Operand operand : operands[index]) {
                    boolean inside = operand.isDirect && isIn(operand.writer, left, right);
                    if (!inside && operand.read != UNREAD) {
                        read.add(operand.read);
                    }
                }
                boolean leaves = !task.isWhole()
                        || placement.isRequired(task.writes())
                        || !areIn(dependencies.readers(task.writes()), left, right);
                written += leaves ? 1 : 0;
            }
        }
        return sum - largest <= MOST_INSTRUCTIONS && read.size() + written <= MOST_ARRAYS;
    }

    private boolean isIn(int task, int left, int right) {
        return units.of(task) == left || units.of(task) == right;
    }

    private boolean areIn(List<Integer> some, int left, int right) {
        for (int task : some) {
            if (!isIn(task, left, right)) {
                return false;
            }
        }
        return true;
    }
}

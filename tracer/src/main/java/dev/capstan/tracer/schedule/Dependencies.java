// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.type.Layout;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.rewrite.LayoutAlgebra;
import dev.capstan.tracer.schedule.Placement.Copy;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who writes and who reads which root, and who writes over what; tasks are numbered by their position in
 * {@link Lowering#tasks()}.
 */
final class Dependencies {
    private final Roots roots;
    private final List<Task> tasks;
    private final int[][] writers;
    private final int[][] readers;
    private final int[][] needed;
    /** What is written over, for the tasks that write over something. */
    private final Map<Integer, Set<Integer>> covered = new HashMap<>();

    /** @param writes the contents that inputs get; whoever reads the old one had better come first */
    Dependencies(Lowering lowering, List<WriteBack.Write> writes) {
        this.roots = lowering.roots();
        this.tasks = lowering.tasks();
        int values = lowering.graph().definitions().size();
        IntLists writing = new IntLists(values);
        IntLists reading = new IntLists(values);
        for (int task = 0; task < tasks.size(); task++) {
            if (tasks.get(task).writes() != Task.NOTHING) {
                writing.add(tasks.get(task).writes(), task);
            }
            for (int operand : tasks.get(task).operands()) {
                reading.add(roots.of(operand), task);
            }
        }
        // parts come before what they are part of, so theirs are complete
        for (int value = 0; value < values; value++) {
            for (int part : lowering.placement().parts(value)) {
                writing.addAll(value, writing.get(part));
            }
        }
        this.writers = writing.all();
        this.readers = reading.all();
        if (!lowering.layers().isEmpty()) {
            Map<Task, Integer> numbers = new IdentityHashMap<>();
            tasks.forEach(task -> numbers.put(task, numbers.size()));
            lowering.layers().forEach(pieces -> cover(pieces, lowering, numbers));
        }
        IntLists before = new IntLists(tasks.size());
        for (int task = 0; task < tasks.size(); task++) {
            for (int operand : tasks.get(task).operands()) {
                before.addAll(task, writers[roots.of(operand)]);
            }
            for (int writer : covered(task)) {
                before.add(task, writer);
            }
        }
        this.needed = new int[tasks.size()][];
        Arrays.setAll(needed, before::ascending);
        if (!writes.isEmpty()) {
            readFirst(writes, lowering.graph(), before);
        }
    }

    /** Lets the tasks that overwrite inputs wait for those that read them, unless they wait for it. */
    private void readFirst(List<WriteBack.Write> writes, Graph graph, IntLists before) {
        Map<Integer, Set<Integer>> readersOf = new HashMap<>();
        for (int value = 0; value < readers.length; value++) {
            if (graph.definitions().get(value) instanceof Graph.Operand operand
                    && operand.source() instanceof Graph.Input input) {
                Set<Integer> all = readersOf.computeIfAbsent(input.index(), unseen -> new HashSet<>());
                for (int reader : readers[value]) {
                    all.add(reader);
                }
            }
        }
        IntLists followers = new IntLists(tasks.size());
        for (int task = 0; task < needed.length; task++) {
            for (int needs : needed[task]) {
                followers.add(needs, task);
            }
        }
        for (WriteBack.Write write : writes) {
            int writer = write.root() == WriteBack.COPIED ? Task.NOTHING : map(write.root());
            if (writer != Task.NOTHING) {
                BitSet waiting = from(writer, followers);
                for (int reader : readersOf.getOrDefault(write.input(), Set.of())) {
                    if (!waiting.get(reader)) {
                        before.add(writer, reader);
                        followers.add(reader, writer);
                    }
                }
                needed[writer] = before.ascending(writer);
            }
        }
    }

    /** A task and all that wait for it. */
    private static BitSet from(int task, IntLists followers) {
        BitSet found = new BitSet();
        found.set(task);
        Deque<Integer> open = new ArrayDeque<>(List.of(task));
        while (!open.isEmpty()) {
            for (int follower : followers.get(open.pop())) {
                if (!found.get(follower)) {
                    found.set(follower);
                    open.push(follower);
                }
            }
        }
        return found;
    }

    private void cover(List<Copy> pieces, Lowering lowering, Map<Task, Integer> numbers) {
        Set<Integer> below = new HashSet<>();
        for (Copy piece : pieces) {
            int[] own = piece.isNeedless()
                    ? writers[roots.of(piece.source())]
                    : lowering.made(piece) == null ? new int[0] : new int[] {numbers.get(lowering.made(piece))};
            for (int task : own) {
                covered.computeIfAbsent(task, unseen -> new HashSet<>()).addAll(below);
            }
            for (int task : own) {
                below.add(task);
            }
        }
    }

    /** The tasks that come before one, ascending. */
    int[] needed(int task) {
        return needed[task];
    }

    /** The tasks that write what a task writes over. */
    Set<Integer> covered(int task) {
        return covered.isEmpty() ? Set.of() : covered.getOrDefault(task, Set.of());
    }

    /** The tasks that write a root, or parts of it. */
    int[] writers(int root) {
        return writers[root];
    }

    /** Whether a task writes a root, or a part of it. */
    boolean writes(int task, int root) {
        for (int writer : writers[root]) {
            if (writer == task) {
                return true;
            }
        }
        return false;
    }

    /** The tasks that read a root, one entry for each operand. */
    int[] readers(int root) {
        return readers[root];
    }

    /** The task that computes a whole root element by element, or {@link Task#NOTHING}. */
    int map(int root) {
        return writers[root].length == 1
                        && tasks.get(writers[root][0]) instanceof Task.Map map
                        && map.isWhole()
                        && map.writes() == root
                ? writers[root][0]
                : Task.NOTHING;
    }

    /**
     * True if a task needs, for each element, just the element at the same place of the operand's root, which is
     * computed element by element: the computation can be put in.
     */
    boolean isDirect(Task reader, int operand) {
        int root = roots.of(operand);
        if (map(root) == Task.NOTHING) {
            return false;
        }
        Layout whole = Layout.contiguous(roots.shape(root));
        return roots.layout(operand).shape().rank() <= reader.shape().rank()
                && LayoutAlgebra.sameElements(roots.layout(operand).expand(reader.shape()), whole);
    }

    /** True if a task would have to be finished before another could begin. */
    boolean isBarrier(int writer, Task reader) {
        for (int operand : reader.operands()) {
            if (writes(writer, roots.of(operand)) && !isDirect(reader, operand)) {
                return true;
            }
        }
        return false;
    }
}

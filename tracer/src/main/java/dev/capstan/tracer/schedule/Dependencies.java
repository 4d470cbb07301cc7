// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.type.Layout;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.rewrite.LayoutAlgebra;
import dev.capstan.tracer.schedule.Placement.Copy;
import java.util.ArrayDeque;
import java.util.ArrayList;
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
    private final List<List<Integer>> writers = new ArrayList<>();
    private final List<List<Integer>> readers = new ArrayList<>();
    private final List<Set<Integer>> needed = new ArrayList<>();
    private final List<Set<Integer>> covered = new ArrayList<>();

    /** @param writes the contents that inputs get; whoever reads the old one had better come first */
    Dependencies(Lowering lowering, List<WriteBack.Write> writes) {
        this.roots = lowering.roots();
        this.tasks = lowering.tasks();
        int values = lowering.graph().definitions().size();
        for (int value = 0; value < values; value++) {
            writers.add(new ArrayList<>());
            readers.add(new ArrayList<>());
        }
        for (int task = 0; task < tasks.size(); task++) {
            if (tasks.get(task).writes() != Task.NOTHING) {
                writers.get(tasks.get(task).writes()).add(task);
            }
            for (int operand : tasks.get(task).operands()) {
                readers.get(roots.of(operand)).add(task);
            }
        }
        // parts come before what they are part of, so theirs are complete
        for (int value = 0; value < values; value++) {
            for (int part : lowering.placement().parts(value)) {
                writers.get(value).addAll(writers.get(part));
            }
        }
        tasks.forEach(task -> covered.add(new HashSet<>()));
        if (!lowering.layers().isEmpty()) {
            Map<Task, Integer> numbers = new IdentityHashMap<>();
            tasks.forEach(task -> numbers.put(task, numbers.size()));
            lowering.layers().forEach(pieces -> cover(pieces, lowering, numbers));
        }
        for (int task = 0; task < tasks.size(); task++) {
            Set<Integer> before = new HashSet<>(covered.get(task));
            tasks.get(task).operands().forEach(operand -> before.addAll(writers.get(roots.of(operand))));
            needed.add(before);
        }
        if (!writes.isEmpty()) {
            readFirst(writes, lowering.graph());
        }
    }

    /** Lets the tasks that overwrite inputs wait for those that read them, unless they wait for it. */
    private void readFirst(List<WriteBack.Write> writes, Graph graph) {
        Map<Integer, Set<Integer>> readersOf = new HashMap<>();
        for (int value = 0; value < readers.size(); value++) {
            if (graph.definitions().get(value) instanceof Graph.Operand operand
                    && operand.source() instanceof Graph.Input input) {
                readersOf
                        .computeIfAbsent(input.index(), unseen -> new HashSet<>())
                        .addAll(readers.get(value));
            }
        }
        List<List<Integer>> followers = new ArrayList<>();
        tasks.forEach(task -> followers.add(new ArrayList<>()));
        for (int task = 0; task < tasks.size(); task++) {
            for (int before : needed.get(task)) {
                followers.get(before).add(task);
            }
        }
        for (WriteBack.Write write : writes) {
            int writer = write.root() == WriteBack.COPIED ? Task.NOTHING : map(write.root());
            if (writer != Task.NOTHING) {
                BitSet waiting = from(writer, followers);
                for (int reader : readersOf.getOrDefault(write.input(), Set.of())) {
                    if (!waiting.get(reader) && needed.get(writer).add(reader)) {
                        followers.get(reader).add(writer);
                    }
                }
            }
        }
    }

    /** A task and all that wait for it. */
    private static BitSet from(int task, List<List<Integer>> followers) {
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
        List<Integer> below = new ArrayList<>();
        for (Copy piece : pieces) {
            List<Integer> own = piece.isNeedless()
                    ? writers.get(roots.of(piece.source()))
                    : lowering.made(piece) == null ? List.of() : List.of(numbers.get(lowering.made(piece)));
            own.forEach(task -> covered.get(task).addAll(below));
            below.addAll(own);
        }
    }

    /** The tasks that come before one. */
    Set<Integer> needed(int task) {
        return needed.get(task);
    }

    /** The tasks that write what a task writes over. */
    Set<Integer> covered(int task) {
        return covered.get(task);
    }

    /** The tasks that write a root, or parts of it. */
    List<Integer> writers(int root) {
        return writers.get(root);
    }

    /** The tasks that read a root, one entry for each operand. */
    List<Integer> readers(int root) {
        return readers.get(root);
    }

    /** The task that computes a whole root element by element, or {@link Task#NOTHING}. */
    int map(int root) {
        return writers.get(root).size() == 1
                        && tasks.get(writers.get(root).get(0)) instanceof Task.Map map
                        && map.isWhole()
                        && map.writes() == root
                ? writers.get(root).get(0)
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
            if (writers.get(roots.of(operand)).contains(writer) && !isDirect(reader, operand)) {
                return true;
            }
        }
        return false;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.type.Layout;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.rewrite.LayoutAlgebra;
import dev.capstan.tracer.schedule.Placement.Copy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

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
        lowering.layers().forEach(pieces -> cover(pieces, lowering));
        for (int task = 0; task < tasks.size(); task++) {
            Set<Integer> before = new HashSet<>(covered.get(task));
            tasks.get(task).operands().forEach(operand -> before.addAll(writers.get(roots.of(operand))));
            needed.add(before);
        }
        writes.forEach(write -> readFirst(write, lowering.graph()));
    }

    /** Lets a task that overwrites an input wait for those that read it, unless they wait for it. */
    private void readFirst(WriteBack.Write write, Graph graph) {
        int writer = write.root() == WriteBack.COPIED ? Task.NOTHING : map(write.root());
        if (writer == Task.NOTHING) {
            return;
        }
        for (int value = 0; value < readers.size(); value++) {
            if (graph.definitions().get(value) instanceof Graph.Operand operand
                    && operand.source() instanceof Graph.Input input
                    && input.index() == write.input()) {
                for (int reader : readers.get(value)) {
                    if (reader != writer && !waits(reader, writer)) {
                        needed.get(writer).add(reader);
                    }
                }
            }
        }
    }

    private boolean waits(int task, int other) {
        Set<Integer> seen = new HashSet<>();
        Deque<Integer> open = new ArrayDeque<>(List.of(task));
        while (!open.isEmpty()) {
            for (int before : needed.get(open.pop())) {
                if (before == other) {
                    return true;
                }
                if (seen.add(before)) {
                    open.push(before);
                }
            }
        }
        return false;
    }

    private void cover(List<Copy> pieces, Lowering lowering) {
        List<Integer> below = new ArrayList<>();
        for (Copy piece : pieces) {
            List<Integer> own = piece.isNeedless()
                    ? writers.get(roots.of(piece.source()))
                    : IntStream.range(0, tasks.size())
                            .filter(task -> tasks.get(task) == lowering.made(piece))
                            .boxed()
                            .toList();
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

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.form.TandemRepeats;
import dev.capstan.tracer.form.TandemRepeats.Run;
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
 * for itself, and is bounded: large vector methods are compiled badly. What repeats is fused within each time alone. What
 * then keeps to rows is one unit of several kernels, see {@link RowFusion}.
 */
final class Fusion {
    /** Instructions of a unit's kernel beyond those of its largest operator. */
    private static final int MOST_INSTRUCTIONS = 40;

    /** Arrays that a unit's kernel reads and writes. */
    private static final int MOST_ARRAYS = 12;

    /** Fewer tasks are straight code, which fuses across repetitions and runs faster. */
    private static final int FEWEST_TO_ROLL = 1000;

    /** So far apart two units may stand that are united. */
    private static final int FARTHEST = 1024;

    /** The same between repetitions: a distance that all lengths of some 20 times have, so that their schedules are alike. */
    private static final int FARTHEST_IF_ROLLED = 256;

    private final Lowering lowering;
    private final Roots roots;
    private final Placement placement;
    private final Dependencies dependencies;
    private final List<Task> tasks;
    private final List<Shape> spaces = new ArrayList<>();
    private final int[] instructions;
    private final Operand[][] operands;
    private final UnitOrder units;
    private final boolean rolls;
    /** For each task which time of which repetition it belongs to; {@link #NO_CELL} for most tasks of most programs. */
    private final int[] cells;

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

    private static final int NO_CELL = -1;

    /** @param rolls whether to keep repetitions apart however few they are */
    Fusion(Lowering lowering, Dependencies dependencies, boolean rolls) {
        this.rolls = rolls;
        this.lowering = lowering;
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
        this.cells = cells();
        this.units = new UnitOrder(
                needed,
                new Ordering(tasks, alone, task -> needed[task]).ordered(),
                isRolled() ? FARTHEST_IF_ROLLED : FARTHEST);
    }

    /** Whether nothing is fused across the times of a repetition. */
    boolean isRolled() {
        return rolls || Arrays.stream(cells).anyMatch(cell -> cell != NO_CELL);
    }

    /**
     * Numbers the times of what repeats. Fusion keeps within them, so that each time becomes the same steps and they can be
     * rolled. A time begins where it cuts the fewest edges along which tasks could be fused.
     */
    private int[] cells() {
        int[] cells = new int[operands.length];
        Arrays.fill(cells, NO_CELL);
        if (cells.length < FEWEST_TO_ROLL && !rolls) {
            return cells;
        }
        List<List<Object>> forms =
                IntStream.range(0, cells.length).mapToObj(this::form).toList();
        List<Run> runs = TandemRepeats.find(forms, 2, (begin, other, length) -> true).stream()
                .filter(this::divides)
                .toList();
        int repeated = runs.stream().mapToInt(run -> run.end() - run.begin()).sum();
        if (2 * repeated <= cells.length && !rolls) {
            return cells;
        }
        int cell = 0;
        int from = 0;
        for (int i = 0; i < runs.size(); i++) {
            Run run = runs.get(i);
            // what stands before the first cut and after the last one is most of a time, and ends or begins with the
            // run
            int begin = run.begin() + bestCut(run) - run.length();
            int next = i + 1 < runs.size() ? runs.get(i + 1).begin() : cells.length;
            int to = Math.min(next, begin + (run.times() + 1) * run.length());
            for (int task = Math.max(from, begin); task < to; task++) {
                cells[task] = cell + (task - begin) / run.length();
            }
            cell += run.times() + 1;
            from = to;
        }
        for (int task = 0; task < cells.length; task++) {
            adopt(task, cells);
        }
        return cells;
    }

    /** True if something in a run cannot be fused. What consists of element-wise tasks alone, as a long sum, is better fused. */
    private boolean divides(Run run) {
        return tasks.subList(run.begin(), run.begin() + run.length()).stream()
                .anyMatch(task -> !(task instanceof Task.Map));
    }

    /** What stands apart from a repetition but computes on what one time alone gave, goes along with that. */
    private void adopt(int task, int[] cells) {
        if (cells[task] != NO_CELL && tasks.get(task).isWhole() || !(tasks.get(task) instanceof Task.Map)) {
            return;
        }
        Set<Integer> given = new HashSet<>();
        for (Operand operand : operands[task]) {
            if (operand.isDirect) {
                given.add(cells[operand.writer]);
            }
        }
        if (given.size() == 1) {
            cells[task] = given.iterator().next();
        }
    }

    /** How many tasks from its beginning a run is best cut, less than the length of one time. */
    private int bestCut(Run run) {
        int middle = run.begin() + run.length() * (run.times() / 2);
        int best = 0;
        int fewest = Integer.MAX_VALUE;
        for (int cut = 0; cut < run.length(); cut++) {
            int begin = middle + cut;
            int crossing = 0;
            for (int task = begin; task < Math.min(begin + run.length(), run.end()); task++) {
                for (Operand operand : operands[task]) {
                    crossing += operand.isDirect && operand.writer < begin && operand.writer >= begin - run.length()
                            ? 1
                            : 0;
                }
            }
            if (crossing < fewest) {
                fewest = crossing;
                best = cut;
            }
        }
        return best;
    }

    private List<Object> form(int index) {
        Task task = tasks.get(index);
        List<Object> form = new ArrayList<>();
        form.add(computation(task));
        form.add(task.shape());
        form.add(task.isWhole());
        for (Operand operand : operands[index]) {
            form.add(operand.isDirect);
        }
        return form;
    }

    private static Object computation(Task task) {
        if (task instanceof Task.Map map) {
            return map.kernel();
        }
        if (task instanceof Task.Fold fold) {
            return fold.operator();
        }
        return task instanceof Task.Single single ? single.operator() : Task.Product.class;
    }

    private Operand operand(Task task, int value, Map<List<Object>, Integer> reads) {
        int root = roots.of(value);
        int read = UNREAD;
        if (!roots.isConstant(root)) {
            Layout layout = LayoutAlgebra.compact(roots.layout(value).expand(task.shape()));
            read = reads.computeIfAbsent(List.of(root, layout), unseen -> reads.size());
        }
        boolean fuses = task instanceof Task.Map || task instanceof Task.Fold;
        boolean isDirect = fuses && dependencies.isDirect(task, value);
        return new Operand(root, dependencies.map(root), isDirect, read);
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

    /** The units; they can run in the order in which they are listed. */
    List<Unit> units() {
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
        RowFusion rows = new RowFusion(lowering, dependencies, spaces, cells, units);
        rows.unite();
        int[][] members =
                IntStream.range(0, operands.length).mapToObj(units::tasks).toArray(int[][]::new);
        return Arrays.stream(new Ordering(tasks, members, units::needed).ordered())
                .mapToObj(rows::unit)
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
            if (cells[candidate] == cells[fold]
                    && isOnlyRead(candidate, units.of(fold))
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
                && cells[a] == cells[b]
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

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.kernel.Instruction;
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
    /** For each way to read the last question in which it was counted. */
    private final int[] counted;

    private int questions;
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

    /** How a root is read. */
    private record Read(int root, Layout layout) {}

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
        Map<Read, Integer> reads = new HashMap<>();
        for (int index = 0; index < instructions.length; index++) {
            Task task = tasks.get(index);
            instructions[index] = instructions(task);
            operands[index] = new Operand[task.operands().size()];
            for (int i = 0; i < operands[index].length; i++) {
                operands[index][i] = operand(task, task.operands().get(i), reads);
            }
            needed[index] = dependencies.needed(index);
            alone[index] = new int[] {index};
            spaces.add(LayoutAlgebra.compact(Layout.contiguous(task.shape())).shape());
        }
        this.counted = new int[reads.size()];
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
        List<Run> runs = TandemRepeats.find(forms(), 2, (begin, other, length) -> true).stream()
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

    /**
     * What a task does, wherever it does it.
     *
     * @param computation a number for it
     * @param direct for each operand whether it could be put in
     */
    private record Form(int computation, Shape shape, boolean isWhole, List<Boolean> direct) {}

    private List<Form> forms() {
        Numbering<Object> computations = new Numbering<>();
        List<Form> forms = new ArrayList<>(operands.length);
        for (int index = 0; index < operands.length; index++) {
            Task task = tasks.get(index);
            List<Boolean> direct = new ArrayList<>(operands[index].length);
            for (Operand operand : operands[index]) {
                direct.add(operand.isDirect);
            }
            forms.add(new Form(computations.of(computation(task)), task.shape(), task.isWhole(), direct));
        }
        return forms;
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

    private Operand operand(Task task, int value, Map<Read, Integer> reads) {
        int root = roots.of(value);
        int read = UNREAD;
        if (!roots.isConstant(root)) {
            Layout layout = LayoutAlgebra.compact(roots.layout(value).expand(task.shape()));
            read = reads.computeIfAbsent(new Read(root, layout), unseen -> reads.size());
        }
        boolean fuses = task instanceof Task.Map || task instanceof Task.Fold;
        boolean isDirect = fuses && dependencies.isDirect(task, value);
        return new Operand(root, dependencies.map(root), isDirect, read);
    }

    private static int instructions(Task task) {
        if (!(task instanceof Task.Map map)) {
            return 0;
        }
        int count = 0;
        for (Instruction step : map.kernel().instructions()) {
            count += step.primitive() != Primitive.INPUT && step.primitive() != Primitive.CONSTANT ? 1 : 0;
        }
        return count;
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
                int[] producers = producers(task);
                for (int i = producers.length - 1; i >= 0; i--) {
                    join(producers[i], task);
                }
            }
        }
        joinNeighbours();
        RowFusion rows = new RowFusion(lowering, dependencies, spaces, cells, units);
        rows.unite();
        List<Unit> ordered = new ArrayList<>();
        for (int unit : rows.ordered()) {
            ordered.add(rows.unit(unit));
        }
        return ordered;
    }

    /** True for an element-wise task that no reduction has taken in. */
    private boolean isFree(int task) {
        int[] unit = units.tasks(units.of(task));
        return tasks.get(task) instanceof Task.Map && tasks.get(unit[unit.length - 1]) instanceof Task.Map;
    }

    private void absorb(int fold) {
        TreeSet<Integer> candidates = new TreeSet<>();
        add(producers(fold), candidates);
        while (!candidates.isEmpty()) {
            int candidate = candidates.pollLast();
            if (cells[candidate] == cells[fold]
                    && isOnlyRead(candidate, units.of(fold))
                    && fits(units.of(fold), units.of(candidate))
                    && units.unite(units.of(fold), units.of(candidate))) {
                add(producers(candidate), candidates);
            }
        }
    }

    private static void add(int[] producers, Set<Integer> candidates) {
        for (int producer : producers) {
            candidates.add(producer);
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

    /** The tasks whose results a task could compute itself, ascending. */
    private int[] producers(int task) {
        int[] producers = new int[operands[task].length];
        int count = 0;
        for (Operand operand : operands[task]) {
            if (operand.isDirect) {
                int place = Arrays.binarySearch(producers, 0, count, operand.writer);
                if (place < 0) {
                    System.arraycopy(producers, -place - 1, producers, -place, count + place + 1);
                    producers[-place - 1] = operand.writer;
                    count++;
                }
            }
        }
        return Arrays.copyOf(producers, count);
    }

    private void joinNeighbours() {
        int[] first = new int[counted.length];
        Arrays.fill(first, Task.NOTHING);
        for (int task = 0; task < operands.length; task++) {
            if (isFree(task)) {
                for (int i = 0; i < operands[task].length; i++) {
                    int read = operands[task][i].read;
                    if (read != UNREAD
                            && isFull(task, tasks.get(task).operands().get(i))) {
                        if (first[read] == Task.NOTHING || !join(first[read], task)) {
                            first[read] = task;
                        }
                    }
                }
            }
        }
    }

    /** True if a task reads a tensor of its own size, of which each element is in a place of its own. */
    private boolean isFull(int task, int operand) {
        Layout layout = roots.layout(operand);
        return layout.shape().equals(tasks.get(task).shape())
                && layout.extent() - layout.offset() >= layout.shape().elements();
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
        questions++;
        int arrays = 0;
        for (int side = 0; side < 2; side++) {
            for (int index : units.tasks(side == 0 ? left : right)) {
                Task task = tasks.get(index);
                sum += instructions[index];
                largest = Math.max(largest, instructions[index]);
                for (Operand operand : operands[index]) {
                    boolean inside = operand.isDirect && isIn(operand.writer, left, right);
                    if (!inside && operand.read != UNREAD && counted[operand.read] != questions) {
                        counted[operand.read] = questions;
                        arrays++;
                    }
                }
                boolean leaves = !task.isWhole()
                        || placement.isRequired(task.writes())
                        || !areIn(dependencies.readers(task.writes()), left, right);
                arrays += leaves ? 1 : 0;
            }
        }
        return sum - largest <= MOST_INSTRUCTIONS && arrays <= MOST_ARRAYS;
    }

    private boolean isIn(int task, int left, int right) {
        return units.of(task) == left || units.of(task) == right;
    }

    private boolean areIn(int[] some, int left, int right) {
        for (int task : some) {
            if (!isIn(task, left, right)) {
                return false;
            }
        }
        return true;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.runtime.op.Reduction;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.tracer.rewrite.LayoutAlgebra;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Unites reductions over the last dimension with the loops and reductions around them that keep to its rows: in each row
 * they read nothing of what the others leave in another row. Those are computed for a few rows at a time, which spares
 * memory what one hands to the next. It sees only how tasks read what tasks write, so that a softmax, a normalization, a
 * loss and their gradients are all the same to it.
 */
final class RowFusion {
    /** Loops and reductions of a unit. */
    private static final int MOST_PHASES = 16;

    private final Roots roots;
    private final Placement placement;
    private final Dependencies dependencies;
    private final List<Task> tasks;
    private final List<Shape> spaces;
    private final int[] cells;
    private final UnitOrder units;
    /** For each task the unit that it was in before, a phase now. */
    private final int[] phases;

    private final int[][] members;
    /** For each phase where it comes in an order in which phases can run. */
    private final int[] positions;

    private final boolean[] gathered;
    /** The units in order, before any are united. */
    private final int[] order;

    private boolean unites;

    /**
     * Unites nothing yet.
     *
     * @param spaces for each task its shape without dimensions of size 1
     * @param cells for each task a number; those with different ones stay apart
     * @param units which tasks are one kernel
     */
    RowFusion(Lowering lowering, Dependencies dependencies, List<Shape> spaces, int[] cells, UnitOrder units) {
        this.roots = lowering.roots();
        this.placement = lowering.placement();
        this.dependencies = dependencies;
        this.tasks = lowering.tasks();
        this.spaces = spaces;
        this.cells = cells;
        this.units = units;
        this.phases = new int[tasks.size()];
        this.members = new int[phases.length][];
        Arrays.setAll(phases, units::of);
        Arrays.setAll(members, units::tasks);
        this.positions = new int[phases.length];
        this.gathered = new boolean[phases.length];
        this.order = new Ordering(tasks, members, units::needed).ordered();
        for (int position = 0; position < order.length; position++) {
            positions[order[position]] = position;
        }
    }

    /** Unites what keeps to rows. */
    void unite() {
        for (int task = 0; task < phases.length; task++) {
            if (isAlongRows(task) && !gathered[phases[task]] && isFree(phases[task], spaces.get(task))) {
                gather(phases[task], spaces.get(task));
            }
        }
    }

    /** The units in order. */
    int[] ordered() {
        if (!unites) {
            return order;
        }
        int[][] united = new int[phases.length][];
        Arrays.setAll(united, units::tasks);
        return new Ordering(tasks, united, units::needed).ordered();
    }

    /** The kernels of a unit, in order. */
    Unit unit(int unit) {
        int[] all = units.tasks(unit);
        if (!gathered[phases[all[0]]]) {
            return new Unit(List.of(all));
        }
        return new Unit(Arrays.stream(all)
                .map(task -> phases[task])
                .distinct()
                .boxed()
                .sorted(Comparator.comparingInt(phase -> positions[phase]))
                .map(phase -> members[phase])
                .toList());
    }

    /** True for a reduction over the last dimension alone. */
    private boolean isAlongRows(int task) {
        if (!(tasks.get(task) instanceof Task.Fold fold)) {
            return false;
        }
        Reduction operator = fold.operator();
        boolean[] reduced = operator.reduced(fold.shape());
        int last = -1;
        int combined = 0;
        for (int i = 0; i < reduced.length; i++) {
            if (fold.shape().size(i) != 1) {
                last = i;
                combined += reduced[i] ? 1 : 0;
            }
        }
        return combined == 1 && reduced[last] && spaces.get(task).rank() > 1;
    }

    /** Adds to a phase what can be added, first what it reads, the nearest first, then what reads it. */
    private void gather(int first, Shape wide) {
        Set<Integer> group = new LinkedHashSet<>(List.of(first));
        boolean grown = true;
        while (grown && group.size() < MOST_PHASES) {
            grown = false;
            for (int candidate : neighbours(group)) {
                if (suits(candidate, group, wide) && units.unite(first, candidate)) {
                    group.add(candidate);
                    unites = true;
                    grown = true;
                    break;
                }
            }
        }
        if (group.size() > 1) {
            group.forEach(phase -> gathered[phase] = true);
        }
    }

    private List<Integer> neighbours(Set<Integer> group) {
        Set<Integer> read = new HashSet<>();
        Set<Integer> reading = new HashSet<>();
        for (int phase : group) {
            for (int task : members[phase]) {
                for (int operand : tasks.get(task).operands()) {
                    for (int writer : dependencies.writers(roots.of(operand))) {
                        read.add(phases[writer]);
                    }
                }
                if (tasks.get(task).writes() != Task.NOTHING) {
                    for (int reader : dependencies.readers(tasks.get(task).writes())) {
                        reading.add(phases[reader]);
                    }
                }
            }
        }
        read.removeAll(group);
        reading.removeAll(group);
        read.removeAll(reading);
        List<Integer> neighbours = new ArrayList<>();
        read.stream()
                .sorted(Comparator.comparingInt(phase -> -positions[phase]))
                .forEach(neighbours::add);
        reading.stream()
                .sorted(Comparator.comparingInt(phase -> positions[phase]))
                .forEach(neighbours::add);
        return neighbours;
    }

    private boolean suits(int phase, Set<Integer> group, Shape wide) {
        int any = group.iterator().next();
        if (gathered[phase] || cells[members[phase][0]] != cells[members[any][0]] || !isFree(phase, wide)) {
            return false;
        }
        return isAligned(phase, group, wide) && (isOver(phase, wide) || leadsTo(phase, group, wide));
    }

    private boolean isOver(int phase, Shape space) {
        return spaces.get(last(phase)).equals(space);
    }

    private int last(int phase) {
        return members[phase][members[phase].length - 1];
    }

    private static Shape narrow(Shape wide) {
        return wide.remove(wide.rank() - 1);
    }

    /** True for a loop or a reduction over rows, or a loop over one number for each, that walks along rows in memory. */
    private boolean isFree(int phase, Shape wide) {
        int last = last(phase);
        boolean over = isOver(phase, wide);
        if (tasks.get(last) instanceof Task.Fold
                ? !over || !isAlongRows(last)
                : !(tasks.get(last) instanceof Task.Map)) {
            return false;
        }
        if (!over && !isOver(phase, narrow(wide))) {
            return false;
        }
        for (int task : members[phase]) {
            if (!dependencies.covered(task).isEmpty() || over && !isDense(task)) {
                return false;
            }
        }
        return true;
    }

    /** True if everything lies side by side along rows, or is the same all along. */
    private boolean isDense(int task) {
        Task of = tasks.get(task);
        for (int operand : of.operands()) {
            if (!roots.isConstant(roots.of(operand)) && lastStep(operand, of) > 1) {
                return false;
            }
        }
        Layout target = LayoutAlgebra.compact(of.target().layout());
        return of instanceof Task.Fold || target.stride(target.shape().rank() - 1) == 1;
    }

    private int lastStep(int operand, Task reader) {
        Layout place = LayoutAlgebra.compact(placement.place(operand).layout().expand(reader.shape()));
        int step = place.stride(place.shape().rank() - 1);
        return step < 0 ? Integer.MAX_VALUE : step;
    }

    /** True if what a phase reads of the group, and the group of it, is read in the row in which it was written. */
    private boolean isAligned(int phase, Set<Integer> group, Shape wide) {
        for (int task : members[phase]) {
            for (int operand : tasks.get(task).operands()) {
                for (int writer : dependencies.writers(roots.of(operand))) {
                    if (group.contains(phases[writer]) && !isAligned(writer, task, operand, wide)) {
                        return false;
                    }
                }
            }
            if (tasks.get(task).writes() != Task.NOTHING && !isReadAligned(task, group, wide)) {
                return false;
            }
        }
        return true;
    }

    private boolean isReadAligned(int writer, Set<Integer> group, Shape wide) {
        for (int other : group) {
            for (int reader : members[other]) {
                for (int operand : tasks.get(reader).operands()) {
                    boolean reads = dependencies.writes(writer, roots.of(operand));
                    if (reads && !isAligned(writer, reader, operand, wide)) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    private boolean isAligned(int writer, int reader, int operand, Shape wide) {
        int root = roots.of(operand);
        Task task = tasks.get(writer);
        if (task.writes() != root || !task.isWhole() || dependencies.writers(root).length != 1) {
            return false;
        }
        Layout memory = LayoutAlgebra.compact(Layout.contiguous(roots.shape(root)));
        boolean plain = placement.isRequired(root)
                || LayoutAlgebra.compact(task.target().layout()).isContiguous();
        Shape shape = tasks.get(reader).shape();
        if (!plain || roots.layout(operand).shape().rank() > shape.rank()) {
            return false;
        }
        Layout read = LayoutAlgebra.compact(roots.layout(operand).expand(shape));
        if (read.equals(memory)) {
            return true;
        }
        int last = read.shape().rank() - 1;
        return read.shape().equals(wide)
                && memory.shape().equals(narrow(wide))
                && read.stride(last) == 0
                && read.select(last, 0).equals(memory);
    }

    /** True if one number for each row is made of some of the group's for a phase over rows. */
    private boolean leadsTo(int phase, Set<Integer> group, Shape wide) {
        for (int task : members[phase]) {
            if (tasks.get(task).writes() != Task.NOTHING) {
                for (int reader : dependencies.readers(tasks.get(task).writes())) {
                    int next = phases[reader];
                    boolean onwards = next != phase && !group.contains(next) && !gathered[next] && isFree(next, wide);
                    if (onwards
                            && isAligned(task, reader, wide)
                            && (isOver(next, wide) || leadsTo(next, group, wide))) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    private boolean isAligned(int writer, int reader, Shape wide) {
        return tasks.get(reader).operands().stream()
                .filter(operand -> roots.of(operand) == tasks.get(writer).writes())
                .allMatch(operand -> isAligned(writer, reader, operand, wide));
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.runtime.type.Layout;
import dev.capstan.tracer.schedule.Schedule;
import dev.capstan.tracer.schedule.Schedule.Multiply;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Slot;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which products share a packed right factor: those that multiply by the same place while nothing is written there.
 *
 * @param uses for each step that multiplies by a shared factor its pack; absent for others
 * @param count number of packs
 * @param constants the packs that are there before the first step
 * @param keeps for each step that multiplies few rows by a weight, of which a copy may be kept between runs, the copy
 */
record Packing(Map<Integer, Use> uses, int count, List<Factor> constants, Map<Integer, Factor> keeps) {
    /** So many rows are few: to bring the factor into another order costs as much as to multiply by it. */
    private static final int FEW_ROWS = 3;
    /** Products with narrower factors have no use for a copy. */
    private static final int FEWEST_COLUMNS = 16;
    /** Elements of the largest factor that is kept. */
    private static final long LARGEST_KEPT = 1 << 24;

    /**
     * A product's share in a pack.
     *
     * @param pack its number
     * @param isFirst whether this product packs the factor
     */
    record Use(int pack, boolean isFirst) {}

    /**
     * A factor that stays the same over many runs.
     *
     * @param pack its pack
     * @param place where it lies
     */
    record Factor(int pack, Place place) {}

    /** Products with one and the same factor in it, so far. */
    private static final class Group {
        final Place factor;
        final List<Integer> steps = new ArrayList<>();

        Group(Place factor) {
            this.factor = factor;
        }
    }

    /** @param constant the slots that stay the same over many runs */
    static Packing of(Schedule schedule, BitSet constant) {
        List<Group> groups = new ArrayList<>();
        Map<Place, Group> valid = new HashMap<>();
        List<Step> steps = schedule.steps();
        for (int i = 0; i < steps.size(); i++) {
            if (steps.get(i) instanceof Multiply multiply && isPlain(multiply)) {
                valid.computeIfAbsent(multiply.right(), place -> {
                            Group group = new Group(place);
                            groups.add(group);
                            return group;
                        })
                        .steps
                        .add(i);
            }
            for (Place written : steps.get(i).outputs()) {
                valid.keySet().removeIf(factor -> overlap(factor, written));
            }
        }
        Map<Integer, Use> uses = new HashMap<>();
        List<Factor> constants = new ArrayList<>();
        Map<Integer, Factor> keeps = new HashMap<>();
        BitSet written = written(schedule);
        int count = 0;
        for (Group group : groups) {
            boolean isConstant = constant.get(group.factor.slot());
            if (isConstant) {
                constants.add(new Factor(count, group.factor));
            }
            if (isConstant || group.steps.size() > 1) {
                for (int step : group.steps) {
                    uses.put(step, new Use(count, !isConstant && step == group.steps.get(0)));
                }
                count++;
            } else if (isKept(schedule, written, (Multiply) steps.get(group.steps.get(0)))) {
                keeps.put(group.steps.get(0), new Factor(count++, group.factor));
            }
        }
        return new Packing(uses, count, constants, keeps);
    }

    private static BitSet written(Schedule schedule) {
        BitSet written = new BitSet();
        schedule.steps().forEach(step -> step.outputs().forEach(place -> written.set(place.slot())));
        return written;
    }

    /** Whether few rows are multiplied by an argument that lies in another order than products read it in. */
    private static boolean isKept(Schedule schedule, BitSet written, Multiply multiply) {
        Slot slot = schedule.slots().get(multiply.right().slot());
        Layout right = multiply.right().layout();
        return slot.kind() == Schedule.Kind.INPUT
                && slot.dtype().isFloating()
                && !written.get(multiply.right().slot())
                && right.stride(1) != 1
                && multiply.output().layout().shape().size(0) <= FEW_ROWS
                && right.shape().size(1) >= FEWEST_COLUMNS
                && right.shape().elements() <= LARGEST_KEPT;
    }

    /** A single product of matrices of a floating type. */
    private static boolean isPlain(Multiply multiply) {
        return multiply.right().layout().shape().rank() == 2;
    }

    private static boolean overlap(Place a, Place b) {
        return a.slot() == b.slot()
                && first(a.layout()) < b.layout().extent()
                && first(b.layout()) < a.layout().extent();
    }

    private static int first(Layout layout) {
        int first = layout.offset();
        for (int i = 0; i < layout.shape().rank(); i++) {
            first += Math.min(0, layout.stride(i)) * Math.max(0, layout.shape().size(i) - 1);
        }
        return first;
    }
}

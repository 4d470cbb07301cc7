// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.runtime.type.Layout;
import dev.capstan.tracer.schedule.Schedule;
import dev.capstan.tracer.schedule.Schedule.Clear;
import dev.capstan.tracer.schedule.Schedule.Loop;
import dev.capstan.tracer.schedule.Schedule.Multiply;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Reduce;
import dev.capstan.tracer.schedule.Schedule.Single;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which products share a packed right factor: those that multiply by the same place while nothing is written there.
 *
 * @param uses for each step that multiplies by a shared factor its pack; absent for others
 * @param count number of packs
 */
record Packing(Map<Integer, Use> uses, int count) {
    /**
     * A product's share in a pack.
     *
     * @param pack its number
     * @param isFirst whether this product packs the factor
     */
    record Use(int pack, boolean isFirst) {}

    /** Products with one and the same factor in it, so far. */
    private static final class Group {
        final List<Integer> steps = new ArrayList<>();
    }

    static Packing of(Schedule schedule) {
        List<Group> groups = new ArrayList<>();
        Map<Place, Group> valid = new HashMap<>();
        List<Step> steps = schedule.steps();
        for (int i = 0; i < steps.size(); i++) {
            if (steps.get(i) instanceof Multiply multiply && isPlain(multiply)) {
                valid.computeIfAbsent(multiply.right(), place -> {
                            Group group = new Group();
                            groups.add(group);
                            return group;
                        })
                        .steps
                        .add(i);
            }
            for (Place written : written(steps.get(i))) {
                valid.keySet().removeIf(factor -> overlap(factor, written));
            }
        }
        Map<Integer, Use> uses = new HashMap<>();
        int count = 0;
        for (Group group : groups) {
            if (group.steps.size() > 1) {
                for (int step : group.steps) {
                    uses.put(step, new Use(count, step == group.steps.get(0)));
                }
                count++;
            }
        }
        return new Packing(uses, count);
    }

    /** A single product of matrices of a floating type. */
    private static boolean isPlain(Multiply multiply) {
        return multiply.right().layout().shape().rank() == 2;
    }

    private static List<Place> written(Step step) {
        if (step instanceof Loop loop) {
            return loop.outputs();
        }
        if (step instanceof Reduce reduce) {
            return List.of(reduce.output());
        }
        if (step instanceof Single single) {
            return List.of(single.output());
        }
        return List.of(step instanceof Multiply multiply ? multiply.output() : ((Clear) step).output());
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

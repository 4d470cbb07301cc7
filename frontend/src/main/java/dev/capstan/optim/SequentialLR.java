// SPDX-License-Identifier: Apache-2.0
package dev.capstan.optim;

import dev.capstan.runtime.type.CapstanException;
import java.util.Arrays;
import java.util.List;

/** One schedule after another, each from its beginning. */
public final class SequentialLR extends LRScheduler {
    private final List<LRScheduler> schedules;
    private final int[] milestones;

    /**
     * A schedule of schedules, which are not stepped any more by themselves.
     *
     * @param schedules of this optimizer, at least one
     * @param milestones at how many steps each but the first begins, ascending
     */
    public SequentialLR(Optimizer optimizer, List<? extends LRScheduler> schedules, int... milestones) {
        super(optimizer);
        this.schedules = List.copyOf(schedules);
        this.milestones = milestones.clone();
        if (milestones.length != schedules.size() - 1) {
            throw new CapstanException(
                    "schedule",
                    "one milestone less than schedules",
                    milestones.length + " milestones, " + schedules.size() + " schedules");
        }
        for (int i = 0; i < milestones.length; i++) {
            if (milestones[i] <= (i == 0 ? 0 : milestones[i - 1])) {
                throw new CapstanException(
                        "schedule", "milestones do not ascend from 1 on", Arrays.toString(milestones));
            }
        }
        if (!this.schedules.stream().allMatch(schedule -> schedule.isOf(optimizer))) {
            throw new CapstanException("schedule", "schedules of different optimizers", "" + schedules.size());
        }
        begin();
    }

    @Override
    double lr(double initialLr, int steps) {
        int current = 0;
        while (current < milestones.length && milestones[current] <= steps) {
            current++;
        }
        int begin = current == 0 ? 0 : milestones[current - 1];
        return schedules.get(current).lr(initialLr, steps - begin);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Steps in a row that come several times, each time on other places: one cell of a recurrent network after another,
 * whatever the length of the sequence.
 */
public final class Repetition {
    private final int first;
    private final Schedule body;
    private final int[][] slots;
    private final int[][] offsets;
    private final BitSet constant;

    /**
     * A repetition.
     *
     * @param first the first step
     * @param body what is computed each time: a schedule whose slots are all from outside, and all of whose places begin
     *     where these do
     * @param slots for each time, for each slot of the body, the slot of the schedule
     * @param offsets for each time, for each slot of the body, where it begins in that slot
     * @param constant the slots of the body that hold the same each time
     */
    Repetition(int first, Schedule body, int[][] slots, int[][] offsets, BitSet constant) {
        this.first = first;
        this.body = requireNonNull(body, "body");
        this.slots = slots;
        this.offsets = offsets;
        this.constant = constant;
    }

    /** The first of the steps. */
    public int first() {
        return first;
    }

    /** One more than the last of the steps. */
    public int end() {
        return first + times() * body.steps().size();
    }

    /** What is computed each time. Bodies of different schedules are equal if they compute the same. */
    public Schedule body() {
        return body;
    }

    /** How many times. */
    public int times() {
        return slots.length;
    }

    /** The slot that a slot of the body is at one time. */
    public int slot(int time, int bodySlot) {
        return slots[time][bodySlot];
    }

    /** Where a slot of the body begins at one time, in the slot that it is. */
    public int offset(int time, int bodySlot) {
        return offsets[time][bodySlot];
    }

    /** The slots of the body that are one place all the time, to which the body does not write. */
    public BitSet constant() {
        return (BitSet) constant.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Repetition repetition
                && first == repetition.first
                && body.equals(repetition.body)
                && constant.equals(repetition.constant)
                && Arrays.deepEquals(slots, repetition.slots)
                && Arrays.deepEquals(offsets, repetition.offsets);
    }

    @Override
    public int hashCode() {
        return 31 * first + body.hashCode();
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.schedule.Schedule.Place;
import java.util.Map;

/**
 * The work of a forward graph, and where it leaves what the backward pass reads.
 *
 * @param schedule the work
 * @param saved for each saved value, by its number in the graph that was given to the scheduler, its place in a {@code
 *     KEPT}, {@code RESULT} or {@code INPUT} slot of the schedule
 * @param graph the graph after all rewrites; its first outputs are the results, the others the saved values in
 *     ascending order of their old numbers
 * @param draft the schedule before its memory was planned; null where it is of no use any more
 */
public record ForwardSchedule(Schedule schedule, Map<Integer, Place> saved, Graph graph, Draft draft) {
    /** Copies the map. */
    public ForwardSchedule {
        saved = Map.copyOf(saved);
    }

    /** The same without what it was made of. */
    public ForwardSchedule withoutDraft() {
        return new ForwardSchedule(schedule, saved, graph, null);
    }
}

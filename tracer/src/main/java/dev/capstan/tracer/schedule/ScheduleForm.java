// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.tracer.form.Family;
import dev.capstan.tracer.form.Rolled;
import dev.capstan.tracer.form.TandemRepeats.Run;
import dev.capstan.tracer.schedule.Buffers.Buffer;
import dev.capstan.tracer.schedule.Draft.Planned;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the schedules of one computation on sequences of different lengths have in common: their steps, and the buffers
 * that these name, are a family with one parameter. For a new length nothing is simplified, fused or ordered; its steps
 * are written down, and memory is planned for them.
 */
public final class ScheduleForm {
    private final Family<Line> lines;
    private final List<Loop> loops = new ArrayList<>();

    private ScheduleForm(Family<Line> lines, Draft draft, long parameter) {
        this.lines = lines;
        Repeats repeats = draft.repeats();
        List<Run> repeated = repeats.runs();
        List<Run> regular = lines.at(parameter).orElseThrow().runs();
        for (int i = 0; i < regular.size(); i++) {
            for (Run run : repeated) {
                Loop.of(i, regular.get(i), run).ifPresent(loops::add);
            }
        }
    }

    /**
     * A loop of the schedule, which may begin earlier and end later than what is linear from its second time on.
     *
     * @param run which of the family's
     * @param earlier how many steps it begins before that
     * @param more how many times it has more
     */
    private record Loop(int run, int earlier, int more) {
        static Optional<Loop> of(int number, Run regular, Run repeated) {
            boolean same = regular.length() == repeated.length()
                    && repeated.begin() <= regular.begin()
                    && repeated.end() >= regular.end();
            return same
                    ? Optional.of(
                            new Loop(number, regular.begin() - repeated.begin(), repeated.times() - regular.times()))
                    : Optional.empty();
        }

        Run in(List<Run> regular) {
            Run inner = regular.get(run);
            return new Run(inner.begin() - earlier, inner.length(), inner.times() + more);
        }

        /** Whether what is not in the family's run is of the same forms for this length, too. */
        boolean holds(Run loop, List<Run> regular, Repeats repeats) {
            Run inner = regular.get(run);
            int length = loop.length();
            return repeats.areOfOneForm(loop.begin() + length, inner.begin() + length, length)
                    && repeats.areOfOneForm(inner.end(), loop.end(), length);
        }
    }

    /** A part of a draft. */
    private sealed interface Line {}

    /**
     * A step.
     *
     * @param named the buffers that it is the first to name, in the order of their numbers
     */
    private record Work(Step step, List<Buffer> named) implements Line {}

    /**
     * What is wanted.
     *
     * @param named the buffers that no step names
     * @param written the inputs that are written to
     */
    private record End(List<Place> wanted, List<Buffer> named, List<Integer> written) implements Line {}

    private static List<Line> lines(Draft draft) {
        List<Line> lines = new ArrayList<>();
        int named = 0;
        for (Step step : draft.steps()) {
            int first = named;
            for (Place place : Steps.places(step)) {
                named = Math.max(named, place.slot() + 1);
            }
            lines.add(new Work(step, draft.buffers().subList(first, named)));
        }
        List<Buffer> rest = draft.buffers().subList(named, draft.buffers().size());
        lines.add(new End(draft.wanted(), rest, draft.written()));
        return lines;
    }

    /** The form of two drafts, if they have one. */
    public static Optional<ScheduleForm> of(Draft one, long parameter, Draft other, long otherParameter) {
        return Family.of(Line.class, Rolled.of(lines(one)), parameter, Rolled.of(lines(other)), otherParameter)
                .map(lines -> new ScheduleForm(lines, one, parameter));
    }

    /** Whether a draft is the one for a value of the parameter. */
    public boolean has(Draft draft, long parameter) {
        return lines.has(lines(draft), parameter);
    }

    /** The forward schedule for a value of the parameter, if the form reaches so far. */
    public Optional<Schedule> at(long parameter) {
        return lines.at(parameter).map(member -> schedule(member.items(), member.runs()));
    }

    private Schedule schedule(List<Line> lines, List<Run> regular) {
        List<Step> steps = new ArrayList<>();
        List<Buffer> buffers = new ArrayList<>();
        for (Line line : lines) {
            if (line instanceof Work work) {
                steps.add(work.step);
                buffers.addAll(work.named);
            }
        }
        End end = (End) lines.get(lines.size() - 1);
        buffers.addAll(end.named);
        Draft draft = new Draft(steps, buffers, end.wanted, end.written, true);
        Repeats repeats = draft.repeats();
        List<Run> runs = new ArrayList<>();
        for (Loop loop : loops) {
            Run run = loop.in(regular);
            if (loop.holds(run, regular, repeats)) {
                runs.add(run);
            }
        }
        Planned planned = draft.planned(Scheduler.FORWARD_SLOTS, runs);
        Schedule schedule =
                new Schedule(planned.slots(), planned.steps(), planned.places(), planned.repetitions(), true);
        assert ScheduleVerifier.isValid(schedule, Scheduler.OWN_FORWARD, List.of(), end.written);
        return schedule;
    }
}

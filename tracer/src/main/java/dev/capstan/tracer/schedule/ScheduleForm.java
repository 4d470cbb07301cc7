// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.tracer.form.Family;
import dev.capstan.tracer.form.Family.Member;
import dev.capstan.tracer.form.Rolled;
import dev.capstan.tracer.graph.Graph;
import dev.capstan.tracer.schedule.Buffers.Buffer;
import dev.capstan.tracer.schedule.Schedule.Place;
import dev.capstan.tracer.schedule.Schedule.Step;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the schedules of one computation on sequences of different lengths have in common: their steps, and the buffers
 * that these name, are a family with one parameter. For a new length nothing is simplified, fused or ordered; its steps
 * are written down, and memory is planned for them.
 */
public final class ScheduleForm {
    private final Family<Line> lines;
    /** From here on proofs take too long, as far as is known. */
    private final AtomicLong tooLong = new AtomicLong(Long.MAX_VALUE);

    private ScheduleForm(Family<Line> lines) {
        this.lines = lines;
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
     */
    private record End(List<Place> wanted, List<Buffer> named) implements Line {}

    private static List<Line> lines(Draft draft) {
        List<Line> lines = new ArrayList<>();
        int named = 0;
        for (Step step : draft.steps()) {
            int first = named;
            for (Place place : step.places()) {
                named = Math.max(named, place.slot() + 1);
            }
            lines.add(new Work(step, draft.buffers().subList(first, named)));
        }
        List<Buffer> rest = draft.buffers().subList(named, draft.buffers().size());
        lines.add(new End(draft.wanted(), rest));
        return lines;
    }

    /** The form of two drafts, if they have one. */
    public static Optional<ScheduleForm> of(Draft one, long parameter, Draft other, long otherParameter) {
        return Family.of(Line.class, Rolled.of(lines(one)), parameter, Rolled.of(lines(other)), otherParameter)
                .map(ScheduleForm::new);
    }

    /** Whether a draft is the one for a value of the parameter. */
    public boolean has(Draft draft, long parameter) {
        return lines.has(lines(draft), parameter);
    }

    /** The steps for a value of the parameter, if the form reaches so far: a guess, of which nothing is known. */
    Optional<Draft> draft(long parameter) {
        return lines.at(parameter).map(member -> draft(member.items()));
    }

    private static Draft draft(List<Line> lines) {
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
        return new Draft(steps, buffers, end.wanted, true);
    }

    /**
     * The forward schedule of a graph, if the form reaches so far, and if the proof does not take too long. What the form
     * foresees is a guess; it is proved to be what the graph says before anybody gets it. If a size is 1 that is not for
     * other lengths, what is done may well be something else; then a wrong guess is none.
     *
     * @param parameter which member of the form
     * @param like the repetitions of the member whose bodies it should have; empty if it should have its own
     * @param graph its last outputs are the new contents of the written inputs
     * @param owned the results, by their position, that lie in a fresh array of their own
     * @param written the inputs that are written to
     * @param exact whether it gives the bits of eager mode
     * @throws RuntimeException if the guess was wrong
     */
    public Optional<Schedule> schedule(
            long parameter,
            Optional<List<Repetition>> like,
            Graph graph,
            BitSet owned,
            List<Integer> written,
            boolean exact) {
        Optional<Member<Line>> guess = parameter < tooLong.get() ? lines.at(parameter) : Optional.empty();
        if (guess.isEmpty()) {
            return Optional.empty();
        }
        ForwardOutputs outputs = ForwardOutputs.of(graph.outputs().size() - written.size(), List.of(), owned);
        try {
            Draft draft = draft(guess.get().items());
            Graph simplified = Scheduler.simplified(graph, outputs, exact);
            Schedule schedule =
                    like.map(bodies -> draft.rolled(outputs, bodies)).orElseGet(() -> draft.rolled(outputs));
            new ScheduleProof(schedule, graph, simplified, outputs, written).prove();
            return Optional.of(schedule);
        } catch (Effort.Exhausted exhausted) {
            tooLong.accumulateAndGet(parameter, Math::min);
            return Optional.empty();
        } catch (RuntimeException wrong) {
            if (guess.get().broadcasts()) {
                return Optional.empty();
            }
            throw wrong;
        }
    }

    /**
     * The forward schedule of a graph that is like others but too short for their form: it is scheduled anew, with bodies
     * and kernels of theirs.
     *
     * @param like the repetitions of another member
     * @param graph its last outputs are the new contents of the written inputs
     * @param owned the results, by their position, that lie in a fresh array of their own
     * @param written the inputs that are written to
     * @param exact whether it gives the bits of eager mode
     */
    public static Schedule anew(
            List<Repetition> like, Graph graph, BitSet owned, List<Integer> written, boolean exact) {
        ForwardOutputs outputs = ForwardOutputs.of(graph.outputs().size() - written.size(), List.of(), owned);
        Schedule schedule = Scheduler.rolled(graph, owned, written, exact).rolled(outputs, like);
        ScheduleVerifier.isValid(schedule, Scheduler.OWN_FORWARD, List.of(), written);
        return schedule;
    }
}

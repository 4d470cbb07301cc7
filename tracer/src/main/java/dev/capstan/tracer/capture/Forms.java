// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.capture;

import dev.capstan.tracer.capture.ScheduleCompiler.CompiledSchedule;
import dev.capstan.tracer.form.Family;
import dev.capstan.tracer.form.Rolled;
import dev.capstan.tracer.graph.Recording.Event;
import dev.capstan.tracer.schedule.Draft;
import dev.capstan.tracer.schedule.Schedule;
import dev.capstan.tracer.schedule.ScheduleForm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What the paths of one region have in common that differ only in how often something is repeated: the same model on
 * sequences of other lengths. Two compiled paths of one form make a guess of how events and schedules follow from the
 * length, a third one that it predicts makes it hold, and from then on a path of that form needs no compilation.
 *
 * <p>A path is of a form only if the form, at its length, gives just its events: operators, operands, types, layouts,
 * which inputs share storage, and what is wanted.
 */
final class Forms {
    /** So many are known at most; those used last. */
    private static final int MOST = 8;

    private final List<Form> forms = new ArrayList<>();

    /** A compiled path. */
    private static final class Sample {
        private final List<Object> events;
        private final Rolled rolled;
        private final Supplier<Draft> drafting;
        private Draft draft;

        Sample(List<Object> events, Supplier<Draft> drafting) {
            this.events = events;
            this.rolled = Rolled.of(events);
            this.drafting = drafting;
        }

        /** How many events: what the form of a path is a function of. */
        long parameter() {
            return events.size();
        }

        /** Its schedule in the making; not made until there is another path to compare it with. */
        Draft draft() {
            draft = draft == null ? drafting.get() : draft;
            return draft;
        }
    }

    /** What a path has in common with others. */
    private static final class Form {
        private Sample latest;
        private Family<Object> events;
        private ScheduleForm schedule;
        private boolean holds;
        /** What all its programs share is generated with the first, which stays. */
        private CompiledSchedule code;

        Form(Sample first) {
            this.latest = first;
        }

        /** Takes note of a path; false if it is of another form. */
        boolean takes(Sample sample) {
            if (holds || !latest.rolled.isLike(sample.rolled)) {
                return false;
            }
            if (events != null && events.has(sample.events, sample.parameter())) {
                holds = schedule.has(sample.draft(), sample.parameter());
            }
            if (!holds) {
                guess(sample);
            }
            latest = holds ? null : sample;
            return true;
        }

        private void guess(Sample sample) {
            events = null;
            schedule = ScheduleForm.of(latest.draft(), latest.parameter(), sample.draft(), sample.parameter())
                    .orElse(null);
            if (schedule != null) {
                events = Family.of(Object.class, latest.rolled, latest.parameter(), sample.rolled, sample.parameter())
                        .orElse(null);
            }
        }

        Optional<Schedule> schedule(List<Object> path) {
            return holds && events.has(path, path.size()) ? schedule.at(path.size()) : Optional.empty();
        }
    }

    private static List<Object> sequence(List<Event> events, int[] outputs) {
        List<Object> sequence = new ArrayList<>(events);
        sequence.add(Arrays.stream(outputs).boxed().toList());
        return sequence;
    }

    /** The forward schedule of a path, if it is of a known form. */
    synchronized Optional<Schedule> schedule(List<Event> events, int[] outputs) {
        List<Object> path = sequence(events, outputs);
        for (Form form : forms) {
            Optional<Schedule> schedule = form.schedule(path);
            if (schedule.isPresent()) {
                forms.remove(form);
                forms.add(form);
                return schedule;
            }
        }
        return Optional.empty();
    }

    /**
     * Learns from a path that was compiled.
     *
     * @param drafting makes a draft of it in which repetitions are loops
     * @param compiler compiles a schedule of a form that now holds
     */
    synchronized void learn(
            List<Event> events,
            int[] outputs,
            Supplier<Draft> drafting,
            Function<Schedule, CompiledSchedule> compiler) {
        Sample sample = new Sample(sequence(events, outputs), drafting);
        if (!sample.rolled.repeats()) {
            return;
        }
        for (Form form : forms) {
            if (form.takes(sample)) {
                if (form.holds) {
                    form.code =
                            form.schedule.at(sample.parameter()).map(compiler).orElse(null);
                }
                return;
            }
        }
        if (forms.size() == MOST) {
            forms.remove(0);
        }
        forms.add(new Form(sample));
    }
}

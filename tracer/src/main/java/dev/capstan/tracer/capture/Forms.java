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

    /** So many paths of a form are compiled before it can hold: two that determine it, one that it has to foresee. */
    private static final int ENOUGH = 3;

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
        /** Those that were compiled last, of which nothing was made so far; none once the form holds. */
        private final List<Sample> samples = new ArrayList<>();

        private Family<Object> events;
        private ScheduleForm schedule;
        /** What all its programs share is generated with the first, which stays. */
        private CompiledSchedule code;

        boolean holds() {
            return schedule != null;
        }

        /** Takes note of a path; false if it is of another form, or the form holds already. */
        boolean takes(Sample sample) {
            if (holds() || !samples.isEmpty() && !samples.get(0).rolled.isLike(sample.rolled)) {
                return false;
            }
            samples.removeIf(other -> other.parameter() == sample.parameter());
            samples.add(sample);
            if (samples.size() == ENOUGH) {
                compare(samples.get(0), samples.get(1), sample);
                samples.remove(0);
            }
            return true;
        }

        /** Whether two paths tell what the third one is. */
        private void compare(Sample one, Sample other, Sample third) {
            Optional<Family<Object>> path =
                    Family.of(Object.class, one.rolled, one.parameter(), other.rolled, other.parameter());
            if (path.isEmpty() || !path.get().has(third.events, third.parameter())) {
                return;
            }
            ScheduleForm.of(one.draft(), one.parameter(), other.draft(), other.parameter())
                    .filter(guess -> guess.has(third.draft(), third.parameter()))
                    .ifPresent(guess -> {
                        events = path.get();
                        schedule = guess;
                    });
        }

        Optional<Schedule> schedule(List<Object> path) {
            return holds() && events.has(path, path.size()) ? schedule.at(path.size()) : Optional.empty();
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
                if (form.holds()) {
                    form.samples.clear();
                    form.code =
                            form.schedule.at(sample.parameter()).map(compiler).orElse(null);
                }
                return;
            }
        }
        if (forms.size() == MOST) {
            forms.remove(0);
        }
        Form form = new Form();
        form.takes(sample);
        forms.add(form);
    }
}

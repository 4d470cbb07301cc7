// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.capture;

import dev.capstan.tracer.capture.ScheduleCompiler.CompiledSchedule;
import dev.capstan.tracer.form.Family;
import dev.capstan.tracer.form.Rolled;
import dev.capstan.tracer.graph.Recording;
import dev.capstan.tracer.schedule.Draft;
import dev.capstan.tracer.schedule.Repetition;
import dev.capstan.tracer.schedule.Schedule;
import dev.capstan.tracer.schedule.ScheduleForm;
import dev.capstan.tracer.schedule.Scheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * What the paths of one region have in common that differ only in how often something is repeated: the same model on
 * sequences of other lengths. Two compiled paths of one form make a guess of how events and schedules follow from the
 * length, a third one that it predicts makes it hold, and from then on a path of that form needs no compilation.
 *
 * <p>A path is of a form only if the form, at its length, gives just its events: operators, operands, types, layouts,
 * which inputs share storage, and what is wanted. That its schedule is right then does not follow, since what is done may
 * depend on the length in other ways than in a line; so each schedule is proved before it is used. A form that was wrong
 * once is forgotten.
 */
final class Forms {
    /** So many are known at most; those used last. */
    private static final int MOST = 8;

    /** So many paths of a form are compiled before it can hold: two that determine it, one that it has to foresee. */
    private static final int ENOUGH = 3;

    /** So many paths are compiled after a form was of no use before anything is learned again; twice as many each time. */
    private static final int PAUSE = 4;

    /** The pause does not become longer after so many times. */
    private static final int LONGEST = 12;

    /** Held while something is learned, which takes time; what is known is guarded by this object. */
    private final ReentrantLock learning = new ReentrantLock();

    private final List<Form> forms = new ArrayList<>();
    private int refuted;
    private String reason;
    private int pause;
    /** How often a form was wrong, or its proof too long. */
    private int setbacks;

    /** A compiled path. */
    private static final class Sample {
        private final List<Object> events;
        private final Rolled rolled;
        private final boolean exact;
        /** Null when it was drafted. */
        private Recording recording;

        private Draft draft;

        Sample(List<Object> events, Recording recording, Draft draft, boolean exact) {
            this.events = events;
            this.rolled = Rolled.of(events);
            this.exact = exact;
            this.recording = recording;
            this.draft = draft.rolls() ? draft : null;
        }

        /** How many events: what the form of a path is a function of. */
        long parameter() {
            return events.size();
        }

        /** Its schedule in the making, with repetitions as loops; not made until there is another path to compare it with. */
        Draft draft() {
            if (draft == null) {
                draft = Scheduler.rolled(recording.graph(), recording.owned(), recording.written(), exact);
            }
            recording = null;
            return draft;
        }
    }

    /** What a path has in common with others. */
    private static final class Form {
        /** Those that were compiled last, of which nothing was made so far; none once the form holds. */
        private final List<Sample> samples = new ArrayList<>();

        private Known known;
        /** How often it did not foresee a path, and how many paths it lets pass since. */
        private int missed;

        private int passing;

        boolean isOf(Sample sample) {
            return known == null && samples.get(0).rolled.isLike(sample.rolled);
        }

        /** Takes note of a path; the form's functions if they foresaw it. */
        Optional<Known> take(Sample sample) {
            if (passing > 0) {
                passing--;
                return Optional.empty();
            }
            samples.removeIf(other -> other.parameter() == sample.parameter());
            samples.add(sample);
            if (samples.size() < ENOUGH) {
                return Optional.empty();
            }
            Sample one = samples.remove(0);
            Optional<Known> foreseen = compare(one, samples.get(0), sample);
            if (foreseen.isEmpty()) {
                // the first samples may be too short for what the others have in common
                passing = missed == 0 ? 0 : 1 << Math.min(missed - 1, LONGEST);
                missed++;
            }
            return foreseen;
        }

        /** Whether two paths tell what the third one is. */
        private static Optional<Known> compare(Sample one, Sample other, Sample third) {
            Optional<Family<Object>> path =
                    Family.of(Object.class, one.rolled, one.parameter(), other.rolled, other.parameter());
            if (path.isEmpty() || !path.get().has(third.events, third.parameter())) {
                return Optional.empty();
            }
            return ScheduleForm.of(one.draft(), one.parameter(), other.draft(), other.parameter())
                    .filter(guess -> guess.has(third.draft(), third.parameter()))
                    .map(guess -> new Known(path.get(), guess));
        }
    }

    /** The functions of a form that holds. */
    private static final class Known {
        private final Family<Object> events;
        private final ScheduleForm schedule;
        /** What all its programs share is generated with the first, which stays. */
        private CompiledSchedule code;
        /** Its bodies serve all shorter ones. */
        private volatile Longest longest = new Longest(0, List.of());

        private record Longest(long parameter, List<Repetition> repetitions) {}

        Known(Family<Object> events, ScheduleForm schedule) {
            this.events = events;
            this.schedule = schedule;
        }

        Optional<Schedule> schedule(List<Object> path, Recording recording, boolean exact) {
            Optional<List<Object>> foreseen = events.at(path.size()).map(Family.Member::items);
            if (foreseen.isPresent() && !foreseen.get().equals(path)) {
                return Optional.empty();
            }
            Longest seen = longest;
            Optional<List<Repetition>> like =
                    path.size() <= seen.parameter ? Optional.of(seen.repetitions) : Optional.empty();
            Optional<Schedule> made = schedule.schedule(
                    path.size(), like, recording.graph(), recording.owned(), recording.written(), exact);
            if (like.isEmpty() && made.isPresent()) {
                longest = new Longest(path.size(), made.get().repetitions());
            }
            return made.isEmpty() && foreseen.isPresent() && like.isPresent()
                    ? Optional.of(ScheduleForm.anew(
                            like.get(), recording.graph(), recording.owned(), recording.written(), exact))
                    : made;
        }
    }

    private static List<Object> sequence(Recording recording) {
        List<Object> sequence = new ArrayList<>(recording.events());
        sequence.add(recording.outputs());
        return sequence;
    }

    private synchronized List<Form> holding() {
        return forms.stream().filter(form -> form.known != null).toList();
    }

    /**
     * The program of a path that leaves nothing to differentiate, if it is of a known form; empty too if the proof takes
     * too long, or if anything goes wrong.
     *
     * @param recording of a path that can be compiled
     * @param program makes one of a forward schedule that was proved
     */
    Optional<PathProgram> program(Recording recording, boolean exact, Function<Schedule, PathProgram> program) {
        List<Form> holding = holding();
        if (holding.isEmpty() || !recording.tape().walkable().isEmpty()) {
            return Optional.empty();
        }
        List<Object> path = sequence(recording);
        for (Form form : holding) {
            try {
                Optional<PathProgram> made =
                        form.known.schedule(path, recording, exact).map(program);
                if (made.isPresent()) {
                    use(form);
                    return made;
                }
            } catch (RuntimeException | LinkageError | StackOverflowError | OutOfMemoryError wrong) {
                forget(form, wrong);
            }
        }
        return Optional.empty();
    }

    private synchronized void use(Form form) {
        if (forms.remove(form)) {
            forms.add(form);
        }
    }

    private synchronized void forget(Form form, Throwable wrong) {
        refuted++;
        reason = reason(wrong);
        giveUp(form);
    }

    private synchronized void giveUp(Form form) {
        forms.remove(form);
        pause = PAUSE << Math.min(setbacks, LONGEST);
        setbacks++;
    }

    /** The first line of what a check says; of other faults, which say nothing to people, the kind. */
    private static String reason(Throwable wrong) {
        boolean said = wrong instanceof IllegalStateException && wrong.getMessage() != null;
        return said
                ? wrong.getMessage().lines().findFirst().orElse("")
                : "the form did not fit: " + wrong.getClass().getSimpleName();
    }

    /** How many schedules were foreseen wrongly, for people; empty if none was. */
    synchronized Optional<String> refuted() {
        return refuted == 0
                ? Optional.empty()
                : Optional.of("programs foreseen wrongly for a length, and compiled instead: " + refuted
                        + "; the last one: " + reason);
    }

    /**
     * Learns from a path that was compiled and leaves nothing to differentiate; nothing if somebody else is learning.
     *
     * @param draft of its schedule
     * @param compiler compiles a schedule of a form that now holds
     */
    void learn(Recording recording, Draft draft, boolean exact, Function<Schedule, CompiledSchedule> compiler) {
        if (!learning.tryLock()) {
            return;
        }
        Form form = null;
        try {
            Sample sample = new Sample(sequence(recording), recording, draft, exact);
            form = sample.rolled.repeats() ? form(sample) : null;
            if (form == null) {
                return;
            }
            Optional<Known> known = form.take(sample);
            if (known.isPresent()) {
                Optional<Schedule> first = known.get().schedule(sample.events, recording, exact);
                if (first.isPresent()) {
                    known.get().code = compiler.apply(first.get());
                    hold(form, known.get());
                } else {
                    giveUp(form);
                }
            }
        } catch (RuntimeException | LinkageError | StackOverflowError | OutOfMemoryError wrong) {
            forget(form, wrong);
        } finally {
            learning.unlock();
        }
    }

    private synchronized void hold(Form form, Known known) {
        form.known = known;
        form.samples.clear();
    }

    /** The form that a path tells something about; null if nothing is to be learned now. */
    private synchronized Form form(Sample sample) {
        if (pause > 0) {
            pause--;
            return null;
        }
        for (Form form : forms) {
            if (form.isOf(sample)) {
                return form;
            }
        }
        if (forms.size() == MOST) {
            forms.remove(0);
        }
        Form form = new Form();
        forms.add(form);
        form.samples.add(sample);
        return form;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.kernel;

import dev.capstan.codegen.kernel.WarmUpThread.Progress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Calls methods until the JIT has compiled them. A vector method that is not compiled yet takes a microsecond for each
 * operation, because each one allocates, and still twenty nanoseconds when all that it calls is compiled. But the
 * optimising compiler takes a method up for the number of its calls: so most calls are made on nothing, and only some
 * do work, to show which way the branches go. A few methods take turns, so that the compiler works on one while others
 * are counted.
 */
public final class WarmUp {
    /** Methods counted or waited for at a time. */
    private static final int WINDOW = 4;

    /** Calls after which HotSpot compiles a method in a form that counts branches. */
    private static final int FIRST_CALLS = 300;

    /** It wants to have seen a branch 40 times, and a method called 5,000 times. */
    private static final int EXERCISES = 48;

    private static final int CALLS_PER_EXERCISE = 125;

    /** So many exercises are timed when it is asked whether the compiler is done. */
    private static final int TIMED = 4;

    private static final long FIRST_PAUSE = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long LONGEST_PAUSE = TimeUnit.MILLISECONDS.toNanos(16);

    /** For so long a method is quick only if it is as quick as measured where all of this was written. */
    private static final long STRICTNESS = TimeUnit.SECONDS.toNanos(30);

    /** After that the machine may be so much slower. Not more: vectors that are not compiled are ten times slower. */
    private static final double LENIENCE = 5;

    /** A busy machine may need long; a JVM without the optimising compiler never gets there. */
    private static final long PATIENCE = TimeUnit.MINUTES.toNanos(5);

    private final Deque<Candidate> cold = new ArrayDeque<>();
    private final List<Candidate> active = new ArrayList<>();
    private final long begin = System.nanoTime();
    private boolean failed;

    /** A method to warm. */
    public interface Subject {
        /** A call that does next to nothing. */
        void touch();

        /** Calls that take all branches. */
        void exercise();

        /** Nanoseconds that an exercise takes at most when the method is compiled. */
        double quickNanos();

        /** Told when it is. */
        void warmed();
    }

    /** The warm-up of these, in their order. */
    public WarmUp(Collection<? extends Subject> subjects) {
        subjects.forEach(subject -> cold.add(new Candidate(subject)));
    }

    /** Adds one behind all others. */
    public void add(Subject subject) {
        cold.add(new Candidate(subject));
    }

    /** A slice of the work; done when all are warm, or with the patience. */
    public Progress advance() {
        while (active.size() < WINDOW && !cold.isEmpty()) {
            active.add(cold.poll());
        }
        long now = System.nanoTime();
        if (now - begin > PATIENCE) {
            failed = true;
            return Progress.DONE;
        }
        boolean worked = false;
        for (Candidate candidate : active) {
            worked |= candidate.advance(now);
        }
        active.removeIf(candidate -> candidate.warm);
        if (active.isEmpty() && cold.isEmpty()) {
            return Progress.DONE;
        }
        return worked ? Progress.WORKING : Progress.WAITING;
    }

    /** Whether patience ended before all were warm. */
    public boolean hasFailed() {
        return failed;
    }

    private static final class Candidate {
        private final Subject subject;
        private int exercises;
        private boolean begun;
        private boolean warm;
        private long pause = FIRST_PAUSE;
        private long next = Long.MIN_VALUE;
        private long start;

        Candidate(Subject subject) {
            this.subject = subject;
        }

        /** Does what there is to do now; false if that is to wait. */
        boolean advance(long now) {
            if (now < next) {
                return false;
            }
            if (!begun) {
                touch(FIRST_CALLS);
                begun = true;
                start = now;
                next = System.nanoTime() + FIRST_PAUSE;
                return true;
            }
            touch(CALLS_PER_EXERCISE);
            if (exercises++ < EXERCISES) {
                subject.exercise();
                return true;
            }
            double quick = subject.quickNanos() * (now - start < STRICTNESS ? 1 : LENIENCE);
            long best = Long.MAX_VALUE;
            for (int i = 0; i < TIMED && (i < 2 || best <= quick); i++) {
                long begin = System.nanoTime();
                subject.exercise();
                best = Math.min(best, System.nanoTime() - begin);
            }
            if (best <= quick) {
                warm = true;
                subject.warmed();
                return true;
            }
            next = System.nanoTime() + pause;
            pause = Math.min(LONGEST_PAUSE, pause + pause / 4);
            return false;
        }

        private void touch(int calls) {
            for (int i = 0; i < calls; i++) {
                subject.touch();
            }
        }
    }
}

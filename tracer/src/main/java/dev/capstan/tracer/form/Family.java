// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.form;

import static java.util.Objects.requireNonNull;

import dev.capstan.tracer.form.Numbers.Reader;
import dev.capstan.tracer.form.Rolled.Stretch;
import dev.capstan.tracer.form.TandemRepeats.Run;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * A sequence of immutable values as a function of one whole number, its parameter: how often a body is repeated, and
 * every number within its items, is linear in the parameter. Two members determine a family; a third one tells whether
 * that was more than chance.
 *
 * @param <T> what the items are
 */
public final class Family<T> {
    private final Class<T> type;
    private final List<Part> parts;

    /**
     * A member of the family.
     *
     * @param items in order
     * @param runs what is repeated in it, at least once
     * @param broadcasts whether a size that varies is 1 here, so that what holds for all others need not hold for it
     */
    public record Member<T>(List<T> items, List<Run> runs, boolean broadcasts) {
        /** Copies the lists. */
        public Member {
            items = List.copyOf(items);
            runs = List.copyOf(runs);
        }
    }

    private Family(Class<T> type, List<Part> parts) {
        this.type = type;
        this.parts = parts;
    }

    /** The family of two sequences, if they are of one form. */
    public static <T> Optional<Family<T>> of(
            Class<T> type, Rolled one, long parameter, Rolled other, long otherParameter) {
        if (parameter == otherParameter || !one.isLike(other)) {
            return Optional.empty();
        }
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < one.stretches().size(); i++) {
            parts.add(
                    Part.of(one.stretches().get(i), parameter, other.stretches().get(i), otherParameter));
        }
        return Optional.of(new Family<>(requireNonNull(type, "type"), parts));
    }

    /** The member for a value of the parameter; empty if a number would not be whole, or a size that varies below 1. */
    public Optional<Member<T>> at(long parameter) {
        List<T> items = new ArrayList<>();
        List<Run> runs = new ArrayList<>();
        boolean broadcasts = false;
        for (Part part : parts) {
            int begin = items.size();
            long times = part.times.at(parameter);
            if (times < 0 || times > Integer.MAX_VALUE || !part.add(items, type, parameter, (int) times)) {
                return Optional.empty();
            }
            broadcasts |= times > 0 && part.broadcasts(parameter);
            if (part.repeats && times > 0) {
                runs.add(new Run(begin, part.moulds.size(), (int) times));
            }
        }
        return Optional.of(new Member<>(items, runs, broadcasts));
    }

    /** Whether a sequence is the member for a value of the parameter. */
    public boolean has(List<? extends T> sequence, long parameter) {
        // of one form they need not be, since short ones do not repeat themselves
        return at(parameter).filter(member -> member.items.equals(sequence)).isPresent();
    }

    /** A linear function that is known at two places. */
    private record Line(long place, long value, long otherPlace, long otherValue) {
        static final long NO_INTEGER = Long.MIN_VALUE;

        boolean isConstant() {
            return value == otherValue;
        }

        long at(long where) {
            long rise = Math.multiplyExact(otherValue - value, where - place);
            long run = otherPlace - place;
            return rise % run == 0 ? value + rise / run : NO_INTEGER;
        }
    }

    /** A stretch of all members. */
    private static final class Part {
        private final List<Mould> moulds;
        private final boolean repeats;
        private final Line times;
        private final Line[] first;
        private final Line[] steps;
        private final BitSet sizes;

        private Part(List<Mould> moulds, boolean repeats, Line times, Line[] first, Line[] steps, BitSet sizes) {
            this.moulds = moulds;
            this.repeats = repeats;
            this.times = times;
            this.first = first;
            this.steps = steps;
            this.sizes = sizes;
        }

        static Part of(Stretch one, long place, Stretch other, long otherPlace) {
            int count = one.first().length;
            Line[] first = new Line[count];
            Line[] steps = new Line[count];
            BitSet changing = new BitSet();
            for (int i = 0; i < count; i++) {
                first[i] = new Line(place, one.first()[i], otherPlace, other.first()[i]);
                steps[i] = new Line(place, one.steps()[i], otherPlace, other.steps()[i]);
                changing.set(i, !first[i].isConstant() || !steps[i].isConstant() || one.steps()[i] != 0);
            }
            // what never changes is cast once and for all
            Reader numbers = new Reader(one.first());
            List<Mould> settled = new ArrayList<>();
            one.moulds().forEach(mould -> settled.add(mould.settled(numbers, changing)));
            BitSet sizes = new BitSet();
            int[] left = changing.stream().toArray();
            for (int i = 0; i < left.length; i++) {
                boolean varies = !first[left[i]].isConstant() || !steps[left[i]].isConstant();
                sizes.set(i, one.sizes().get(left[i]) && varies);
            }
            return new Part(
                    settled,
                    one.repeats(),
                    new Line(place, one.times(), otherPlace, other.times()),
                    Arrays.stream(left).mapToObj(i -> first[i]).toArray(Line[]::new),
                    Arrays.stream(left).mapToObj(i -> steps[i]).toArray(Line[]::new),
                    sizes);
        }

        /** Whether a size that varies is 1 for a value of the parameter. */
        boolean broadcasts(long parameter) {
            return sizes.stream().anyMatch(i -> first[i].at(parameter) == 1);
        }

        /** Adds the items for a value of the parameter; false if there are none. */
        <T> boolean add(List<T> items, Class<T> type, long parameter, int repetitions) {
            long[] numbers = new long[first.length];
            long[] more = new long[first.length];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = first[i].at(parameter);
                more[i] = steps[i].at(parameter);
                boolean empty = sizes.get(i) && numbers[i] < 1;
                if (numbers[i] == Line.NO_INTEGER || more[i] == Line.NO_INTEGER || empty) {
                    return false;
                }
                long last = numbers[i] + more[i] * (repetitions - 1);
                if ((int) numbers[i] != numbers[i] || (int) last != last) {
                    return false;
                }
            }
            for (int time = 0; time < repetitions; time++) {
                Reader reader = new Reader(numbers);
                for (Mould mould : moulds) {
                    items.add(type.cast(mould.cast(reader)));
                }
                for (int i = 0; i < numbers.length; i++) {
                    numbers[i] += more[i];
                }
            }
            return true;
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.form;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * A sequence in which what repeats itself is said once: single items, and bodies of items that come several times, each
 * number of which grows by the same step from one time to the next.
 *
 * <p>Worked example: the events of a loop over t are one body, in which the operand {@code h} is 14 more each time, the
 * index of the selection from the inputs is 1 more, and the weights are 0 more. The first time, in which the weights are
 * met, and the last one, which nothing follows, are other events and stay apart.
 */
public final class Rolled {
    private final List<Stretch> stretches;

    /**
     * Items in a row.
     *
     * @param moulds of one time
     * @param repeats whether there are several times
     * @param times how many
     * @param first the numbers of the first time
     * @param steps what is added each time
     * @param sizes which of the numbers are sizes
     */
    record Stretch(List<Mould> moulds, boolean repeats, int times, long[] first, long[] steps, BitSet sizes) {
        /** Whether the numbers alone may differ. */
        boolean isLike(Stretch other) {
            return repeats == other.repeats && moulds.equals(other.moulds);
        }
    }

    private record Item(Mould mould, long[] numbers, BitSet sizes) {
        static Item of(Object value, Moulds moulds) {
            Numbers numbers = new Numbers();
            Mould mould = moulds.of(value, numbers);
            return new Item(mould, numbers.values(), numbers.sizes());
        }
    }

    private Rolled(List<Stretch> stretches) {
        this.stretches = List.copyOf(stretches);
    }

    /** Rolls a sequence. */
    public static Rolled of(List<?> sequence) {
        requireNonNull(sequence, "sequence");
        Moulds known = new Moulds();
        List<Item> items = sequence.stream().map(value -> Item.of(value, known)).toList();
        List<Mould> moulds = items.stream().map(Item::mould).toList();
        List<Stretch> stretches = new ArrayList<>();
        int next = 0;
        for (TandemRepeats.Run run :
                TandemRepeats.find(moulds, 1, (begin, other, length) -> isOneMore(items, begin, other, length))) {
            for (; next < run.begin(); next++) {
                stretches.add(stretch(items, next, 1, 1));
            }
            stretches.add(stretch(items, run.begin(), run.length(), run.times()));
            next = run.end();
        }
        for (; next < items.size(); next++) {
            stretches.add(stretch(items, next, 1, 1));
        }
        return new Rolled(stretches);
    }

    /** True if the numbers of a time differ from those of the time before as those of the second do from the first. */
    private static boolean isOneMore(List<Item> items, int begin, int time, int length) {
        for (int i = 0; i < length; i++) {
            long[] first = items.get(begin + i).numbers;
            long[] second = items.get(begin + length + i).numbers;
            long[] before = items.get(time - length + i).numbers;
            long[] now = items.get(time + i).numbers;
            for (int k = 0; k < first.length; k++) {
                if (now[k] - before[k] != second[k] - first[k]) {
                    return false;
                }
            }
        }
        return true;
    }

    private static Stretch stretch(List<Item> items, int begin, int length, int times) {
        List<Item> time = items.subList(begin, begin + length);
        long[] first = numbers(time);
        long[] steps = new long[first.length];
        if (times > 1) {
            long[] second = numbers(items.subList(begin + length, begin + 2 * length));
            Arrays.setAll(steps, k -> second[k] - first[k]);
        }
        BitSet sizes = new BitSet();
        int position = 0;
        for (Item item : time) {
            for (int k = item.sizes.nextSetBit(0); k >= 0; k = item.sizes.nextSetBit(k + 1)) {
                sizes.set(position + k);
            }
            position += item.numbers.length;
        }
        return new Stretch(time.stream().map(Item::mould).toList(), times > 1, times, first, steps, sizes);
    }

    private static long[] numbers(List<Item> items) {
        return items.stream().flatMapToLong(item -> Arrays.stream(item.numbers)).toArray();
    }

    List<Stretch> stretches() {
        return stretches;
    }

    /** Whether anything repeats itself. */
    public boolean repeats() {
        return stretches.stream().anyMatch(Stretch::repeats);
    }

    /** Whether two sequences are of one form: their times and numbers alone may differ. */
    public boolean isLike(Rolled other) {
        if (stretches.size() != other.stretches.size()) {
            return false;
        }
        for (int i = 0; i < stretches.size(); i++) {
            if (!stretches.get(i).isLike(other.stretches.get(i))) {
                return false;
            }
        }
        return true;
    }
}

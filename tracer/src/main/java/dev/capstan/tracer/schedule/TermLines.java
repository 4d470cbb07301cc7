// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import dev.capstan.tracer.schedule.TermMemory.Area;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Lines of terms, each of which something combines: the rows of a left factor, the columns of a right one. Lines that
 * follow one another are a group if their elements have the same identities, and origins that are linear in the line.
 */
final class TermLines {
    private static final long LINE = 2L << 48;
    private static final int FEW = 4;

    private final int inner;
    private final Effort effort;
    /** Elements along lines, or side by side across them. */
    private final boolean along;

    private TermRuns runs;
    private int count;
    private int[] begins = new int[FEW];
    private int[] sizes = new int[FEW];
    private long[] keys = new long[FEW];
    /** Of lines, in which run each begins; of groups across, each element's origin in the first line, and its step. */
    private int[] places = new int[FEW];

    private long[] firsts;
    private long[] steps;
    private int filled;

    private TermLines(int inner, boolean along, Effort effort) {
        this.inner = inner;
        this.along = along;
        this.effort = effort;
    }

    /**
     * Weights of the elements of a line, with what is needed to sum up a run: the sums of those before, and the sums of them
     * times their positions.
     */
    static final class Weights {
        private final long[] each;
        private final long[] sums;
        private final long[] moments;

        /** The coefficients of an identity's operands from one on. */
        Weights(long id, int from, int count, Effort effort) {
            effort.spend(count / Long.BYTES);
            each = new long[count];
            sums = new long[count + 1];
            moments = new long[count + 1];
            for (int i = 0; i < count; i++) {
                each[i] = Terms.coefficient(id, from + i);
                sums[i + 1] = Residues.add(sums[i], each[i]);
                moments[i + 1] = Residues.add(moments[i], Residues.multiply(each[i], i));
            }
        }
    }

    /**
     * Lines of an area whose last dimension is, or last dimensions are, along them.
     *
     * @param lines how many there are
     * @param inner the elements of a line
     */
    static TermLines along(Area area, int lines, int inner, Effort effort) {
        TermLines along = new TermLines(inner, true, effort);
        along.runs = area.read();
        int run = 0;
        for (int line = 0; line < lines; line++) {
            along.add(line, 1, run, along.key(run, line * inner));
            while (run < along.runs.count && along.runs.end(run) <= (line + 1) * inner) {
                run++;
            }
        }
        return along;
    }

    /** The identities of a line. */
    private long key(int first, int from) {
        long key = inner;
        int run = first;
        int position = from;
        while (position < from + inner) {
            long id = runs.ids[run];
            int begin = position;
            while (position < from + inner && runs.ids[run] == id) {
                position = Math.min(runs.end(run), from + inner);
                run += runs.end(run) == position ? 1 : 0;
                if (run == runs.count) {
                    break;
                }
            }
            key = Terms.mixed(LINE, key, Terms.mixed(LINE, id, position - begin));
        }
        return key;
    }

    /**
     * Lines of an area whose last dimension goes from line to line.
     *
     * @param lines how many there are
     * @param inner the elements of a line
     * @param beside how many lie side by side
     */
    static TermLines across(Area area, int lines, int inner, int beside, Effort effort) {
        TermLines across = new TermLines(inner, false, effort);
        across.runs = area.read();
        int[] run = new int[inner];
        for (int line = 0; line < lines; line += beside) {
            across.add(line, beside, run);
        }
        return across;
    }

    private void add(int line, int beside, int[] run) {
        BitSet ends = new BitSet(beside + 1);
        ends.set(beside);
        int from = line * inner;
        int next = runs.find(from);
        for (int i = 0; i < inner; i++) {
            int begin = from + i * beside;
            run[i] = next;
            while (next < runs.count && runs.end(next) <= begin + beside) {
                ends.set(runs.end(next++) - begin);
            }
        }
        int begin = 0;
        for (int end = ends.nextSetBit(1); end >= 0; end = ends.nextSetBit(end + 1)) {
            effort.spend(inner);
            group(line, beside, begin, end, run);
            begin = end;
        }
    }

    private void group(int line, int beside, int begin, int end, int[] run) {
        if (firsts == null) {
            firsts = new long[inner];
            steps = new long[inner];
        } else if (filled + inner > firsts.length) {
            firsts = Arrays.copyOf(firsts, 2 * firsts.length);
            steps = Arrays.copyOf(steps, 2 * steps.length);
        }
        long key = inner;
        long id = 0;
        int same = 0;
        int place = filled;
        for (int i = 0; i < inner; i++) {
            int position = line * inner + i * beside + begin;
            while (runs.end(run[i]) <= position) {
                run[i]++;
            }
            int now = run[i];
            if (same > 0 && runs.ids[now] != id) {
                key = Terms.mixed(LINE, key, Terms.mixed(LINE, id, same));
                same = 0;
            }
            id = runs.ids[now];
            same++;
            firsts[filled] = runs.origin(now, position);
            steps[filled++] = end - begin == 1 ? 0 : runs.steps[now];
        }
        if (same > 0) {
            key = Terms.mixed(LINE, key, Terms.mixed(LINE, id, same));
        }
        add(line + begin, end - begin, place, key);
    }

    private void add(int begin, int size, int place, long key) {
        effort.spend(1);
        if (count == begins.length) {
            begins = Arrays.copyOf(begins, 2 * count);
            sizes = Arrays.copyOf(sizes, 2 * count);
            keys = Arrays.copyOf(keys, 2 * count);
            places = Arrays.copyOf(places, 2 * count);
        }
        begins[count] = begin;
        sizes[count] = size;
        keys[count] = key;
        places[count++] = place;
    }

    /** How many groups. */
    int count() {
        return count;
    }

    /** A group's first line. */
    int begin(int group) {
        return begins[group];
    }

    /** How many lines are in a group. */
    int size(int group) {
        return sizes[group];
    }

    /** Which identities a group's lines have, in their order. */
    long key(int group) {
        return keys[group];
    }

    /** Appends as many elements as a group has lines: each with the weighted sum of the line's origins. */
    void sum(int group, Weights weights, long id, TermRuns into) {
        long first = 0;
        long step = 0;
        if (along) {
            int from = begins[group] * inner;
            int run = places[group];
            for (int position = from; position < from + inner; run++) {
                int end = Math.min(runs.end(run), from + inner);
                int begin = position - from;
                long sum = Residues.subtract(weights.sums[end - from], weights.sums[begin]);
                first = Residues.add(first, Residues.multiply(sum, runs.origin(run, position)));
                if (end - position > 1 && runs.steps[run] != 0) {
                    long moment = Residues.subtract(weights.moments[end - from], weights.moments[begin]);
                    moment = Residues.subtract(moment, Residues.multiply(sum, begin));
                    first = Residues.add(first, Residues.multiply(moment, runs.steps[run]));
                }
                position = end;
            }
        } else {
            int place = places[group];
            for (int i = 0; i < inner; i++) {
                first = Residues.add(first, Residues.multiply(weights.each[i], firsts[place + i]));
                if (sizes[group] > 1 && steps[place + i] != 0) {
                    step = Residues.add(step, Residues.multiply(weights.each[i], steps[place + i]));
                }
            }
        }
        into.append(sizes[group], id, first, step);
    }

    /**
     * A hash of a whole sequence: of its identities and of all origins, which are the coefficients of a polynomial at a place
     * that is as good as random. What it costs depends on runs alone.
     */
    static long hash(long seed, TermRuns runs) {
        long key = seed;
        for (int run = 0; run < runs.count; ) {
            int begin = runs.begins[run];
            long id = runs.ids[run];
            while (run < runs.count && runs.ids[run] == id) {
                run++;
            }
            int end = run < runs.count ? runs.begins[run] : runs.length;
            key = Terms.mixed(LINE, key, Terms.mixed(LINE, id, end - begin));
        }
        long at = Terms.coefficient(key, 0);
        long value = 0;
        for (int run = 0; run < runs.count; run++) {
            value = horner(value, at, runs.firsts[run], runs.steps[run], runs.end(run) - runs.begins[run]);
        }
        return Terms.mixed(LINE, key, value);
    }

    /** A polynomial's value when coefficients first, first + step, ... come after those so far. */
    private static long horner(long value, long at, long first, long step, int count) {
        // of m elements: the sum of their powers, of their powers times their positions, and the power m
        long sum = 0;
        long moment = 0;
        long power = 1;
        for (int bit = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(count); bit >= 0; bit--) {
            int m = count >>> bit + 1;
            moment = Residues.add(Residues.add(moment, Residues.multiply(moment, power)), Residues.multiply(sum, m));
            sum = Residues.add(sum, Residues.multiply(sum, power));
            power = Residues.multiply(power, power);
            if ((count >>> bit & 1) != 0) {
                moment = Residues.add(Residues.multiply(moment, at), 2L * m);
                sum = Residues.add(Residues.multiply(sum, at), 1);
                power = Residues.multiply(power, at);
            }
        }
        long run = Residues.add(Residues.multiply(first, sum), Residues.multiply(step, moment));
        return Residues.add(Residues.multiply(value, power), run);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import java.util.Arrays;

/**
 * The terms of a sequence of elements. Of a run of elements the identity is one, and the origin is linear in the position:
 * {@code first} at the run's first element, {@code step} more at each further one, modulo the prime of {@link Residues}.
 */
final class TermRuns {
    private static final int FEW = 16;

    private static final int NEAR = 3;

    private final Effort effort;

    private int found;
    /** How many runs. */
    int count;
    /** How many elements. */
    int length;

    int[] begins = new int[FEW];
    long[] ids = new long[FEW];
    long[] firsts = new long[FEW];
    long[] steps = new long[FEW];

    TermRuns(Effort effort) {
        this.effort = effort;
    }

    Effort effort() {
        return effort;
    }

    void clear() {
        count = 0;
        length = 0;
    }

    /** One more than the position of a run's last element. */
    int end(int run) {
        return run + 1 < count ? begins[run + 1] : length;
    }

    /** The origin of an element of a run. */
    long origin(int run, int position) {
        return at(firsts[run], steps[run], position - begins[run]);
    }

    private static long at(long first, long step, int distance) {
        return distance == 0 || step == 0 ? first : Residues.add(first, Residues.multiply(step, distance));
    }

    /** Adds a run at the end, to the last one if it goes on so. */
    void append(int elements, long id, long first, long step) {
        if (elements <= 0) {
            return;
        }
        effort.spend(1);
        if (count > 0 && ids[count - 1] == id && joins(count - 1, length, elements, first, step)) {
            length += elements;
            return;
        }
        if (count == begins.length) {
            grow(count + 1);
        }
        begins[count] = length;
        set(count++, id, first, elements == 1 ? 0 : step);
        length += elements;
    }

    /** Whether a run of the same identity goes on with others; its step is then the one of both. */
    private boolean joins(int run, int end, int elements, long first, long step) {
        int before = end - begins[run];
        if (before == 1) {
            long distance = Residues.subtract(first, firsts[run]);
            if (elements > 1 && step != distance) {
                return false;
            }
            steps[run] = distance;
            return true;
        }
        return (elements == 1 || step == steps[run]) && at(firsts[run], steps[run], before) == first;
    }

    private void set(int run, long id, long first, long step) {
        ids[run] = id;
        firsts[run] = first;
        steps[run] = step;
    }

    private void grow(int least) {
        int size = Math.max(least, 2 * begins.length);
        begins = Arrays.copyOf(begins, size);
        ids = Arrays.copyOf(ids, size);
        firsts = Arrays.copyOf(firsts, size);
        steps = Arrays.copyOf(steps, size);
    }

    /** The run in which an element is; quickly if it is near the one that was found last. */
    int find(int position) {
        int near = Math.min(found, count - 1);
        for (int i = 0; i < NEAR && near >= 0 && near < count && begins[near] <= position; i++) {
            if (position < end(near)) {
                found = near;
                return near;
            }
            near++;
        }
        found = search(position);
        return found;
    }

    private int search(int position) {
        int low = 0;
        int high = count;
        while (high - low > 1) {
            int middle = low + high >>> 1;
            if (begins[middle] <= position) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Puts a run in the place of what elements from a position on were. */
    void put(int position, int elements, long id, long first, long step) {
        effort.spend(1);
        int end = position + elements;
        int low = find(position);
        int high = find(end - 1);
        int highEnd = end(high);
        boolean after = highEnd > end;
        long afterId = ids[high];
        long afterFirst = after ? origin(high, end) : 0;
        long afterStep = highEnd - end == 1 ? 0 : steps[high];
        int kept = begins[low] < position ? low + 1 : low;
        boolean joined = kept > 0 && ids[kept - 1] == id && joins(kept - 1, position, elements, first, step);
        int inserted = (joined ? 0 : 1) + (after ? 1 : 0);
        move(high + 1, kept + inserted);
        int next = kept;
        if (!joined) {
            begins[next] = position;
            set(next++, id, first, elements == 1 ? 0 : step);
        }
        if (after) {
            begins[next] = end;
            set(next, afterId, afterFirst, afterStep);
        }
    }

    /** Moves the runs from one on to another place. */
    private void move(int from, int to) {
        int moved = count - from;
        if (to + moved > begins.length) {
            grow(to + moved);
        }
        if (from != to && moved > 0) {
            System.arraycopy(begins, from, begins, to, moved);
            System.arraycopy(ids, from, ids, to, moved);
            System.arraycopy(firsts, from, firsts, to, moved);
            System.arraycopy(steps, from, steps, to, moved);
        }
        count = to + moved;
    }

    /** Whether both are the same terms, however they are cut into runs. */
    boolean isSameAs(TermRuns other) {
        if (length != other.length) {
            return false;
        }
        int mine = 0;
        int others = 0;
        for (int from = 0; from < length; ) {
            int end = Math.min(end(mine), other.end(others));
            boolean same = ids[mine] == other.ids[others]
                    && origin(mine, from) == other.origin(others, from)
                    && (end - from == 1 || steps[mine] == other.steps[others]);
            if (!same) {
                return false;
            }
            mine += end(mine) == end ? 1 : 0;
            others += other.end(others) == end ? 1 : 0;
            from = end;
        }
        return true;
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.form;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Stretches of a sequence that come several times in a row. */
public final class TandemRepeats {
    /** Fewer times are not worth a body of their own; the gates of one cell repeat one another, too. */
    private static final int FEWEST = 5;

    /** So many different distances to the next item of the same form are tried. */
    private static final int MOST_DISTANCES = 16;

    private static final int NEVER = -1;

    private final int[] forms;
    private final int shortest;
    private final Alike alike;
    /** For each item the next one of the same form, or {@link #NEVER}. */
    private final int[] next;

    /**
     * A stretch that is repeated.
     *
     * @param begin its first item
     * @param length of one time
     * @param times how many times
     */
    public record Run(int begin, int length, int times) {
        /** One more than the last item. */
        public int end() {
            return begin + length * times;
        }
    }

    /** Decides whether stretches of items of the same forms are the same. */
    @FunctionalInterface
    public interface Alike {
        /** True if so many items from one on are what those from another on are. */
        boolean areAlike(int begin, int other, int length);
    }

    private TandemRepeats(List<?> forms, int shortest, Alike alike) {
        this.shortest = shortest;
        this.forms = new int[forms.size()];
        this.next = new int[this.forms.length];
        this.alike = alike;
        Map<Object, Integer> known = new HashMap<>();
        for (int i = 0; i < this.forms.length; i++) {
            this.forms[i] = known.computeIfAbsent(forms.get(i), unseen -> known.size());
        }
        int[] following = new int[known.size()];
        Arrays.fill(following, NEVER);
        for (int i = this.forms.length - 1; i >= 0; i--) {
            next[i] = following[this.forms[i]];
            following[this.forms[i]] = i;
        }
    }

    /**
     * The repeated stretches of items with these forms, none within another, each as long as it can be.
     *
     * @param shortest 1, or 2 if items of one form in a row are no loop
     */
    public static List<Run> find(List<?> forms, int shortest, Alike alike) {
        return new TandemRepeats(forms, shortest, alike).find();
    }

    private List<Run> find() {
        List<Run> found = new ArrayList<>();
        int begin = 0;
        while (begin < forms.length) {
            Run best = new Run(begin, 1, 0);
            int candidate = next[begin];
            for (int tried = 0; tried < MOST_DISTANCES && candidate != NEVER; tried++) {
                boolean counts = shortest == 1 || candidate != begin + tried + 1;
                best = counts ? longer(best, candidate - begin) : best;
                candidate = next[candidate];
            }
            if (best.times > 0) {
                found.add(best);
                begin = best.end();
            } else {
                begin++;
            }
        }
        return found;
    }

    /** The run with stretches of this length, if that goes on longer than the best one from the same item on. */
    private Run longer(Run best, int length) {
        int begin = best.begin;
        int equal = 0;
        while (begin + equal + length < forms.length && forms[begin + equal] == forms[begin + equal + length]) {
            equal++;
        }
        int most = equal / length + 1;
        if (most < FEWEST || begin + most * length <= best.end()) {
            return best;
        }
        int times = 1;
        while (times < most && alike.areAlike(begin, begin + times * length, length)) {
            times++;
        }
        return times >= FEWEST && begin + times * length > best.end() ? new Run(begin, length, times) : best;
    }
}

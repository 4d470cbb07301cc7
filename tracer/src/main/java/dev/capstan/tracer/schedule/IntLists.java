// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import java.util.Arrays;

/** Growing lists of numbers, one for each index. */
final class IntLists {
    private static final int[] EMPTY = {};

    private final int[][] lists;
    private final int[] sizes;

    /** So many empty lists. */
    IntLists(int count) {
        this.lists = new int[count][];
        this.sizes = new int[count];
        Arrays.fill(lists, EMPTY);
    }

    /** Adds a number to a list. */
    void add(int list, int number) {
        int size = sizes[list]++;
        if (size == lists[list].length) {
            lists[list] = Arrays.copyOf(lists[list], Math.max(2, 2 * size));
        }
        lists[list][size] = number;
    }

    /** Adds all numbers to a list. */
    void addAll(int list, int[] numbers) {
        for (int number : numbers) {
            add(list, number);
        }
    }

    /** The numbers of a list, as they are now. */
    int[] get(int list) {
        return sizes[list] == lists[list].length ? lists[list] : Arrays.copyOf(lists[list], sizes[list]);
    }

    /** The different numbers of a list, ascending. */
    int[] ascending(int list) {
        int[] sorted = Arrays.copyOf(lists[list], sizes[list]);
        Arrays.sort(sorted);
        int count = 0;
        for (int number : sorted) {
            if (count == 0 || sorted[count - 1] != number) {
                sorted[count++] = number;
            }
        }
        return count == sorted.length ? sorted : Arrays.copyOf(sorted, count);
    }

    /** All lists. */
    int[][] all() {
        int[][] all = new int[lists.length][];
        Arrays.setAll(all, this::get);
        return all;
    }
}

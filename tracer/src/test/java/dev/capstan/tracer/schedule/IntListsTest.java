// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.junit.jupiter.api.Test;

class IntListsTest {
    @Test
    void eachListKeepsWhatWasAddedToItInOrder() {
        IntLists lists = new IntLists(3);
        for (int number = 9; number > 0; number--) {
            lists.add(number % 2, number);
        }
        lists.addAll(2, lists.get(0));
        lists.add(2, 5);

        assertArrayEquals(new int[][] {{8, 6, 4, 2}, {9, 7, 5, 3, 1}, {8, 6, 4, 2, 5}}, lists.all());
    }

    @Test
    void ascendingNumbersAreEachThereOnce() {
        IntLists lists = new IntLists(2);
        lists.addAll(1, new int[] {4, 0, 4, 7, 0, -1});

        assertArrayEquals(new int[] {-1, 0, 4, 7}, lists.ascending(1));
        assertArrayEquals(new int[0], lists.ascending(0));
        assertArrayEquals(new int[] {4, 0, 4, 7, 0, -1}, lists.get(1));
    }
}

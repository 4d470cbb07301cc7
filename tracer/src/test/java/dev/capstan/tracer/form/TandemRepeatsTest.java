// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.form;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.capstan.tracer.form.TandemRepeats.Run;
import java.util.List;
import org.junit.jupiter.api.Test;

class TandemRepeatsTest {
    private static List<Run> find(String items) {
        return TandemRepeats.find(items.chars().boxed().toList(), 2, (begin, other, length) -> true);
    }

    @Test
    void aStretchThatComesAgainAndAgainIsFoundOnce() {
        assertEquals(List.of(new Run(2, 3, 6)), find("xyabcabcabcabcabcabcz"));
    }

    @Test
    void itIsTheShortestOne() {
        assertEquals(List.of(new Run(0, 2, 12)), find("ab".repeat(12)));
    }

    @Test
    void repetitionsWithinAStretchDoNotHideIt() {
        assertEquals(List.of(new Run(0, 6, 7)), find("aaabbc".repeat(7)));
    }

    @Test
    void oneAfterTheOther() {
        assertEquals(List.of(new Run(0, 2, 5), new Run(11, 3, 5)), find("ab".repeat(5) + "x" + "cde".repeat(5)));
    }

    @Test
    void aFewTimesAndSingleItemsAreNoLoop() {
        assertEquals(List.of(), find("abcabcabcabc"));
        assertEquals(List.of(), find("aaaaaaaaaaaaaaaa"));
    }

    @Test
    void singleItemsAreALoopIfTheyMayBe() {
        List<Integer> items = "aaaaaaaa".chars().boxed().toList();
        assertEquals(List.of(new Run(0, 1, 8)), TandemRepeats.find(items, 1, (begin, other, length) -> true));
    }

    @Test
    void stretchesThatAreNotAlikeEndIt() {
        assertEquals(
                List.of(new Run(0, 2, 6)),
                TandemRepeats.find(
                        "abababababababababab".chars().boxed().toList(), 2, (begin, other, length) -> other < 12));
    }
}

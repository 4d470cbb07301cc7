// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.spi.PathEvent;
import java.util.Arrays;

/**
 * An {@link Update} as the events of a path: its operators, and then as many writes of their results. Kept with the event
 * before them, it lets later calls take all of them at once.
 *
 * @param operands the numbers of the update's operands
 */
record QueuedUpdate(Update update, int[] operands, PathEvent[] events) {
    /** The number of the first operator. */
    int first() {
        return events[0].number();
    }

    /** How many tensors are changed: the first operands. */
    int changes() {
        return events.length / 2;
    }

    /** The number of the new content of one of them. */
    int content(int changed) {
        return events[changes() + changed].number();
    }

    /** True if this is the update of these operands. */
    boolean is(Update other, int[] numbers) {
        return update == other && Arrays.equals(operands, numbers);
    }
}

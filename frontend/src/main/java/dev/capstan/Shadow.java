// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.type.CapstanException;
import java.util.concurrent.atomic.AtomicLong;

/** Which calls of a region are checked against eager mode. */
final class Shadow {
    private static final int EVERY = fromProperty(System.getProperty("capstan.shadow", "0"));

    private final AtomicLong calls = new AtomicLong();
    private volatile int every = EVERY;

    private static int fromProperty(String calls) {
        try {
            return verified(Integer.parseInt(calls));
        } catch (NumberFormatException e) {
            throw new CapstanException("capstan.shadow", "not a number of calls", calls, e);
        }
    }

    private static int verified(int calls) {
        if (calls < 0) {
            throw new CapstanException("capstan.shadow", "a number of calls is not negative", Integer.toString(calls));
        }
        return calls;
    }

    void every(int number) {
        every = verified(number);
    }

    boolean isDue() {
        int number = every;
        return number > 0 && calls.incrementAndGet() % number == 0;
    }
}

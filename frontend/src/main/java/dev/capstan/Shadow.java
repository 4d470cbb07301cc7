// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.type.CapstanException;
import java.util.concurrent.atomic.AtomicLong;

/** Which calls of a region are checked against eager mode. */
final class Shadow {
    private static final int EVERY = fromProperty(System.getProperty("capstan.shadow", "0"));

    private final AtomicLong calls = new AtomicLong();
    private final boolean exact;
    private volatile int every;

    /** @param exact whether programs give the bits of eager mode; if not, there is nothing to compare */
    Shadow(boolean exact) {
        this.exact = exact;
        this.every = exact ? EVERY : 0;
    }

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
        if (!exact && number > 0) {
            throw new CapstanException("capstan.shadow", "only what is exact can be compared", "exact = false");
        }
        every = verified(number);
    }

    boolean isDue() {
        int number = every;
        return number > 0 && calls.incrementAndGet() % number == 0;
    }
}

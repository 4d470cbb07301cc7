// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.schedule;

/** Arithmetic modulo the prime 2^61 - 1, on residues that are at least 0 and less than the prime. */
final class Residues {
    private static final int BITS = 61;
    private static final long PRIME = (1L << BITS) - 1;

    private Residues() {}

    /** The residue of any long, as an unsigned number. */
    static long of(long number) {
        return once((number & PRIME) + (number >>> BITS));
    }

    private static long once(long sum) {
        return sum >= PRIME ? sum - PRIME : sum;
    }

    static long add(long a, long b) {
        return once(a + b);
    }

    static long subtract(long a, long b) {
        return a >= b ? a - b : a - b + PRIME;
    }

    static long multiply(long a, long b) {
        long low = a * b;
        long high = Math.multiplyHigh(a, b);
        return once((low & PRIME) + (low >>> BITS | high << Long.SIZE - BITS));
    }
}

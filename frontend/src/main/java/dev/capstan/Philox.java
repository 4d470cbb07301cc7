// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

/**
 * Philox 4x32-10: a function from a counter and a key to four words of 32 random bits. It has no state, so that any part of
 * a stream can be computed by itself. Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011, section 4.1 and table 2.
 */
final class Philox {
    /** Words in a block. */
    static final int WORDS = 4;

    private static final int ROUNDS = 10;
    private static final long FACTOR_0 = 0xD2511F53L;
    private static final long FACTOR_1 = 0xCD9E8D57L;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;
    private static final long LOW = 0xFFFFFFFFL;

    private Philox() {}

    /**
     * One block.
     *
     * @param low the counter's lower 64 bits
     * @param high the counter's upper 64 bits
     * @param words takes the four words, each as its low 32 bits
     */
    static void block(long low, long high, long key, int[] words) {
        long c0 = low & LOW;
        long c1 = low >>> 32;
        long c2 = high & LOW;
        long c3 = high >>> 32;
        int key0 = (int) key;
        int key1 = (int) (key >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            long product0 = FACTOR_0 * c0;
            long product1 = FACTOR_1 * c2;
            c0 = (product1 >>> 32 ^ c1 ^ key0) & LOW;
            c2 = (product0 >>> 32 ^ c3 ^ key1) & LOW;
            c1 = product1 & LOW;
            c3 = product0 & LOW;
            key0 += WEYL_0;
            key1 += WEYL_1;
        }
        words[0] = (int) c0;
        words[1] = (int) c1;
        words[2] = (int) c2;
        words[3] = (int) c3;
    }
}

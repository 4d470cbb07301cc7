// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.form;

import java.util.Arrays;
import java.util.BitSet;

/** The numbers of an object, in order, and which of them are sizes of dimensions. */
final class Numbers {
    private long[] values = new long[16];
    private final BitSet sizes = new BitSet();
    private int count;

    void add(long value) {
        values = count == values.length ? Arrays.copyOf(values, 2 * count) : values;
        values[count++] = value;
    }

    void addSize(int size) {
        sizes.set(count);
        add(size);
    }

    long[] values() {
        return Arrays.copyOf(values, count);
    }

    BitSet sizes() {
        return sizes;
    }

    /** Numbers that are taken one after the other. */
    static final class Reader {
        private final long[] values;
        private int next;

        Reader(long[] values) {
            this.values = values;
        }

        long next() {
            return values[next++];
        }

        int nextInt() {
            return Math.toIntExact(next());
        }

        int position() {
            return next;
        }
    }
}

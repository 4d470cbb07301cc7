// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import static java.util.Objects.requireNonNull;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;

/**
 * A stream of random numbers that a seed determines, the same on every JVM. The numbers are not PyTorch's for the same
 * seed. It may be used by several threads; each draw then gets numbers of its own, in the order of the draws.
 *
 * <p>The stream is a sequence of blocks, {@link Philox} of the seed and the block's number, and a draw takes the next blocks
 * that it needs. Draws happen where they stand in the program, inside of compiled regions, too: a region takes what was drawn
 * as an input. So regions draw what eager mode draws, and whatever is computed again for a reader, or for the tape, is
 * computed from the same numbers.
 */
public final class Generator {
    private static final Generator DEFAULT = new Generator(0);

    private long seed;
    private long next;

    /**
     * Where a stream stands.
     *
     * @param seed what determines the stream
     * @param position how many blocks were taken
     */
    public record State(long seed, long position) {}

    /** A stream from a seed. */
    public Generator(long seed) {
        this.seed = seed;
    }

    /** The stream that modules draw their initial parameters from, and dropout and others if not told otherwise. */
    public static Generator standard() {
        return DEFAULT;
    }

    /** Restarts the standard stream. */
    public static void manualSeed(long seed) {
        DEFAULT.restore(new State(seed, 0));
    }

    /** Where the stream stands now. */
    public synchronized State state() {
        return new State(seed, next);
    }

    /** Goes on from where a stream stood. */
    public synchronized void restore(State state) {
        requireNonNull(state, "state");
        seed = state.seed();
        next = state.position();
    }

    /** Normal numbers with mean 0 and deviation 1, float32. */
    public Tensor normal(int... sizes) {
        return normal(DType.FLOAT32, sizes);
    }

    /** Normal numbers with mean 0 and deviation 1, by the method of Box and Muller. */
    public Tensor normal(DType dtype, int... sizes) {
        verifyFloating("normal", dtype);
        Drawn drawn = new Drawn(dtype, sizes);
        Blocks blocks = take(drawn.elements(), 2);
        for (int i = 0; i < drawn.elements(); i += 2) {
            blocks.advance();
            // from (0, 1], so that the logarithm is finite
            double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - blocks.unit(0)));
            double angle = 2 * Math.PI * blocks.unit(1);
            drawn.set(i, radius * StrictMath.cos(angle));
            drawn.set(i + 1, radius * StrictMath.sin(angle));
        }
        return drawn.tensor();
    }

    /** Numbers equally likely from low (inclusive) to high (exclusive). */
    public Tensor uniform(DType dtype, double low, double high, int... sizes) {
        verifyFloating("uniform", dtype);
        if (!(low <= high)) {
            throw new CapstanException("uniform", "low is not at most high", low + " and " + high);
        }
        Drawn drawn = new Drawn(dtype, sizes);
        Blocks blocks = take(drawn.elements(), 2);
        double last = dtype == DType.FLOAT32 ? Math.nextDown((float) high) : Math.nextDown(high);
        for (int i = 0; i < drawn.elements(); i += 2) {
            blocks.advance();
            drawn.set(i, below(low, last, low + (high - low) * blocks.unit(0)));
            drawn.set(i + 1, below(low, last, low + (high - low) * blocks.unit(1)));
        }
        return drawn.tensor();
    }

    /** Rounding must not reach the upper end, unless that is the lower one, too. */
    private static double below(double low, double last, double value) {
        return Math.max(low, Math.min(last, value));
    }

    /** Ones with a probability, else zeros. */
    public Tensor bernoulli(DType dtype, double probability, int... sizes) {
        verifyProbability("bernoulli", probability);
        return either(dtype, probability, 1, sizes);
    }

    /** A number with a probability, else 0. */
    Tensor either(DType dtype, double probability, double number, int... sizes) {
        Drawn drawn = new Drawn(dtype, sizes);
        Blocks blocks = take(drawn.elements(), Philox.WORDS);
        long bound = Math.round(probability * 0x1p32);
        for (int i = 0; i < drawn.elements(); i += Philox.WORDS) {
            blocks.advance();
            for (int j = 0; j < Philox.WORDS; j++) {
                drawn.set(i + j, blocks.word(j) < bound ? number : 0);
            }
        }
        return drawn.tensor();
    }

    /** Whole numbers equally likely from low (inclusive) to high (exclusive), int64. */
    public Tensor integers(long low, long high, int... sizes) {
        if (low >= high || high - low < 0) {
            throw new CapstanException("integers", "low is not below high", low + " and " + high);
        }
        Drawn drawn = new Drawn(DType.INT64, sizes);
        Blocks blocks = take(drawn.elements(), 2);
        long[] elements = (long[]) drawn.array.storage().array();
        for (int i = 0; i < elements.length; i++) {
            if (i % 2 == 0) {
                blocks.advance();
            }
            // the remainder of 64 bits: uneven by less than one part in 2^64 / (high - low)
            elements[i] = low + Long.remainderUnsigned(blocks.bits(i % 2), high - low);
        }
        return drawn.tensor();
    }

    /** A whole number from 0 to {@code bound - 1}. */
    public int nextInt(int bound) {
        return (int) integers(0, bound, 1).item();
    }

    static void verifyProbability(String operator, double probability) {
        if (!(probability >= 0 && probability <= 1)) {
            throw new CapstanException(operator, "a probability is not between 0 and 1", Double.toString(probability));
        }
    }

    private static void verifyFloating(String operator, DType dtype) {
        if (!dtype.isFloating()) {
            throw new CapstanException(operator, "only floating types hold such numbers", dtype.toString());
        }
    }

    /** Takes the blocks for a number of elements out of the stream. */
    private synchronized Blocks take(int elements, int perBlock) {
        Blocks blocks = new Blocks(seed, next);
        next += (elements + (long) perBlock - 1) / perBlock;
        return blocks;
    }

    /** Blocks of a stream, one after the other. */
    private static final class Blocks {
        private final long seed;
        private final int[] words = new int[Philox.WORDS];
        private long next;

        Blocks(long seed, long next) {
            this.seed = seed;
            this.next = next;
        }

        void advance() {
            Philox.block(next++, 0, seed, words);
        }

        long word(int index) {
            return words[index] & 0xFFFFFFFFL;
        }

        long bits(int half) {
            return word(2 * half) << 32 | word(2 * half + 1);
        }

        /** From 0 (inclusive) to 1 (exclusive), a multiple of 2 to the power of -53. */
        double unit(int half) {
            return (bits(half) >>> 11) * 0x1p-53;
        }
    }

    /** A tensor that is filled in row-major order; what lies behind its end is dropped. */
    private static final class Drawn {
        private final NdArray array;
        private final int elements;

        Drawn(DType dtype, int... sizes) {
            array = NdArray.zeros(dtype, Shape.of(sizes));
            elements = array.shape().elements();
        }

        int elements() {
            return elements;
        }

        void set(int index, double value) {
            if (index < elements) {
                array.set(index, value);
            }
        }

        Tensor tensor() {
            return new Tensor(array);
        }
    }
}

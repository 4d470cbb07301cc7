// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.eager;

import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.DType;

/** Combines values into one, in the order of reductions; see the package's description. */
abstract class Fold {
    /** Virtual lanes within a block. */
    static final int LANES = 32;

    /** Elements of a block. */
    static final int BLOCK = 1024;

    /** Block results that may wait for one of the same size: one per bit of the number of blocks. */
    static final int MOST_PENDING = 22;

    /** The fold for states of a type. */
    static Fold of(DType state, Primitive combine, double identity) {
        return switch (state) {
            case FLOAT32 -> new FloatFold(combine, identity);
            case FLOAT64 -> new DoubleFold(combine, identity);
            default -> new IntegralFold(combine, (long) identity);
        };
    }

    /** Starts a new result. */
    abstract void begin();

    /** Combines more values of a block. All but the last call for a block bring a multiple of {@link #LANES}. */
    abstract void accumulate(Object values, int offset, int count);

    /** Ends a block, which has at least one value. */
    abstract void endBlock();

    /** Writes the result, the identity if there was no block. */
    abstract void end(Object target, int position);
}

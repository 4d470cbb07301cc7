// SPDX-License-Identifier: Apache-2.0
package dev.capstan.codegen.program;

import dev.capstan.runtime.type.DType;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The code of one step before it is known into which method it goes.
 *
 * @param slots the arrays that it names
 * @param product the element type of a product by the shared contraction, else null
 * @param pack the packed factor that it names, or -1
 * @param arguments about how many arguments its calls have, which is what makes bytecode
 * @param writer appends the code
 */
record Piece(Set<Integer> slots, DType product, int pack, int arguments, Consumer<Part> writer) {
    /** At most so many bytes push an argument: an offset, a constant and their sum. */
    private static final int BYTES_PER_ARGUMENT = 8;

    private static final int BYTES_PER_PIECE = 24;

    /** About how many bytes the step takes, with the variables that it may need; rather too many. */
    int bytes() {
        return BYTES_PER_PIECE + BYTES_PER_ARGUMENT * arguments + BYTES_PER_PIECE * slots.size();
    }
}

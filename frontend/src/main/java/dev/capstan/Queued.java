// SPDX-License-Identifier: Apache-2.0
package dev.capstan;

import dev.capstan.runtime.eager.OperatorExecutor;
import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.op.Operator;
import dev.capstan.runtime.op.View;
import dev.capstan.runtime.spi.Walk;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One event of a {@link Segment}, the same object for every call that meets it; its value's number is its place in the
 * queue.
 */
sealed interface Queued {
    /**
     * The first use of a tensor from outside.
     *
     * @param place its place in the order of inputs
     * @param alias the number of an earlier input in the same storage, or {@link Walk#NONE}
     */
    record Input(int place, int alias) implements Queued {}

    /** An operator, whose operands are numbers of values. */
    record Operation(
            Operator operator,
            int[] operands,
            boolean recording,
            @Nullable Viewing viewing) implements Queued {
        Operation(Operator operator, int[] operands, boolean recording) {
            this(operator, operands, recording, operator instanceof View view ? new Viewing(view) : null);
        }

        boolean isView() {
            return viewing != null;
        }

        /** The array of a view of an operand. */
        NdArray of(NdArray operand) {
            return OperatorExecutor.execute(operator, List.of(operand.type()), new NdArray[] {operand});
        }
    }

    /**
     * A view that is taken again, because the storage has another content.
     *
     * @param value the view so far
     * @param view how it is taken
     * @param connected true if it is connected with the tape of the new content
     */
    record Retaken(int value, Operation view, boolean connected) implements Queued {}

    /**
     * A write.
     *
     * @param content the number of the old content
     * @param value the number of what is written
     * @param target the number of the tensor that is written to
     * @param counter what counts the write, null if the storage does
     */
    record Write(
            int content,
            int value,
            int target,
            boolean recording,
            @Nullable VersionCounter counter) implements Queued {}

    /** A backward pass. Its results follow as {@link Received}. */
    record Pass(int root, int seed, boolean retainsGraph, int[] inputs) implements Queued {}

    /** What a backward pass gave an input. */
    record Received(int pass, int position) implements Queued {}
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.TensorType;
import java.util.List;

/**
 * A movement that copies its operands into places of a new tensor, disjoint ones unless it {@link #isLayered}; what they do
 * not cover is zero.
 */
public non-sealed interface Assembly extends Operator {
    /**
     * Where an operand goes: a layout of the operand's shape over the result's storage.
     *
     * @param result where the result lies, contiguous if the assembly is layered
     */
    Layout place(int operand, List<TensorType> operands, Layout result);

    /** True if the operands cover the whole result. */
    boolean covers();

    /** True if places overlap: each operand is written over those before it. */
    default boolean isLayered() {
        return false;
    }

    @Override
    default <R> R accept(OperatorVisitor<R> visitor) {
        return visitor.visit(this);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.memory.NdArray;

/** An operator that computes by hand, and that nothing is fused with. */
public non-sealed interface Opaque extends Operator {
    /**
     * Computes all elements of the result.
     *
     * @param result contiguous, overlapping no operand
     */
    void compute(NdArray[] operands, NdArray result);

    @Override
    default <R> R accept(OperatorVisitor<R> visitor) {
        return visitor.visit(this);
    }
}

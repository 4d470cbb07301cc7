// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.TensorType;

/**
 * A sum of products over a shared index. The operands have the layouts {@code [..., m, k]} and {@code [..., k, n]}, the
 * result {@code [..., m, n]}; each element is one chain of fused multiply-adds over ascending k, from +0.0.
 */
public non-sealed interface Contraction extends Operator {
    /** Refuses factors of different types, and of those that have no product: bool and uint8. */
    static void verifyTypes(String operator, TensorType left, TensorType right) {
        if (left.dtype() != right.dtype()) {
            throw new CapstanException(operator, "element types differ", left + " x " + right);
        }
        if (left.dtype() == DType.BOOL || left.dtype() == DType.UINT8) {
            throw new CapstanException(operator, "no product of this element type", left + " x " + right);
        }
    }

    @Override
    default <R> R accept(OperatorVisitor<R> visitor) {
        return visitor.visit(this);
    }
}

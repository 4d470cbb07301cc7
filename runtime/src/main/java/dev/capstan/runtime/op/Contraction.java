// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

/**
 * A sum of products over a shared index. The operands have the layouts {@code [..., m, k]} and {@code [..., k, n]}, the
 * result {@code [..., m, n]}; each element is one chain of fused multiply-adds over ascending k, from +0.0.
 */
public non-sealed interface Contraction extends Operator {
    @Override
    default <R> R accept(OperatorVisitor<R> visitor) {
        return visitor.visit(this);
    }
}

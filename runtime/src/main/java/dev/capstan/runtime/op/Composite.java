// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.TensorType;
import java.util.List;

/** An operator that is defined by other operators. */
public non-sealed interface Composite extends Operator {
    /** The result in terms of other operators. */
    <T> T decompose(Ops<T> ops, List<T> operands);

    /**
     * True if the tape records this operator as one node with its own gradient rule; false if it records the
     * decomposition, so that the gradient follows from it.
     */
    default boolean isOneNode() {
        return false;
    }

    @Override
    default boolean isDecomposed() {
        return !isOneNode();
    }

    @Override
    default boolean isQueuedWhole() {
        return isOneNode();
    }

    @Override
    default TensorType infer(List<TensorType> operands) {
        return decompose(TypeOps.INSTANCE, operands);
    }

    @Override
    default <T> T gradient(Differentiation<T> at, int operand) {
        throw new IllegalStateException(name() + " is recorded by its decomposition");
    }

    @Override
    default <R> R accept(OperatorVisitor<R> visitor) {
        return visitor.visit(this);
    }
}

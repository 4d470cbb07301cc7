// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.TensorType;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * A function from tensors to one tensor, with its attributes as record components: two operators are equal if they
 * compute the same. An operator belongs to exactly one family; passes visit families, never a concrete operator.
 */
public sealed interface Operator
        permits Elementwise, Reduction, Scan, View, Assembly, Indexed, Contraction, Composite, Opaque {
    /** The name in errors and listings: the record's name, its first letter small. */
    default String name() {
        return OperatorName.of(getClass());
    }

    /** The name of the tape node, as PyTorch prints it but without the number. */
    default String gradientName() {
        return getClass().getSimpleName() + "Backward";
    }

    /**
     * The type of the result.
     *
     * @throws dev.capstan.runtime.type.CapstanException if the operands do not fit
     */
    TensorType infer(List<TensorType> operands);

    /** True if gradients flow to the operand at this index. */
    default boolean differentiable(int operand) {
        return true;
    }

    /** True if the gradients for the needed operands read the value of this operand. */
    default boolean savesOperand(int operand, IntPredicate needed) {
        return false;
    }

    /** True if the gradients read the result. */
    default boolean savesOutput() {
        return false;
    }

    /** The gradient of one operand, in the operand's type, from the gradient of the result. */
    <T> T gradient(Differentiation<T> at, int operand);

    /** True if the tape records not this operator but what it decomposes into. Faster to ask than for the family. */
    default boolean isDecomposed() {
        return false;
    }

    /**
     * True if a region queues this operator, false if it queues what it decomposes into. One that is queued, but recorded by its
     * decomposition, has a gradient rule, too, which gives what that of the decomposition gives, bit for bit.
     */
    default boolean isQueuedWhole() {
        return true;
    }

    /** True for a {@link View}. Faster to ask than for the family. */
    default boolean isView() {
        return false;
    }

    /** Calls the visitor's method for this operator's family. */
    <R> R accept(OperatorVisitor<R> visitor);
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.TensorType;

/**
 * What a gradient rule sees: the gradient of the result, the saved operands and result, and the operations to combine
 * them. A rule must not branch on values.
 *
 * @param <T> what operators apply to
 */
public interface Differentiation<T> {
    /** The operations. */
    Ops<T> ops();

    /** The gradient of the result. */
    T gradient();

    /** A saved operand (see {@link Operator#savesOperand}). */
    T operand(int index);

    /** The saved result (see {@link Operator#savesOutput}). */
    T output();

    /** The type of an operand, saved or not. */
    TensorType operandType(int index);

    /** The type of the result. */
    TensorType outputType();
}

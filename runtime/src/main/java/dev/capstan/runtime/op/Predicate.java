// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.DType;

/** An element-wise test; the result is bool and has no gradient. */
interface Predicate extends Elementwise {
    @Override
    default DType resultType(DType computeType) {
        return DType.BOOL;
    }

    @Override
    default boolean differentiable(int operand) {
        return false;
    }

    @Override
    default <T> T partial(Differentiation<T> at, int operand) {
        throw new IllegalStateException(name() + " is not differentiable");
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Primitive;
import dev.capstan.runtime.type.DType;
import java.util.List;

/** An element-wise test of two operands; the result is bool and has no gradient. */
interface Comparison extends Elementwise {
    /** The scalar test. */
    Primitive primitive();

    @Override
    default Expr compute(List<Expr> operands) {
        return Expr.apply(primitive(), operands.get(0), operands.get(1));
    }

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

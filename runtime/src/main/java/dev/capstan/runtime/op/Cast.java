// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.type.DType;
import java.util.List;

/**
 * Conversion to another element type, as a Java cast converts.
 *
 * @param target the type of the result
 */
public record Cast(DType target) implements Elementwise {
    /** The operand converted; itself if it has the type already. */
    public static <T> T cast(Ops<T> ops, T operand, DType target) {
        return ops.type(operand).dtype() == target ? operand : ops.apply(new Cast(target), operand);
    }

    @Override
    public String gradientName() {
        return "ToCopyBackward";
    }

    @Override
    public DType resultType(DType computeType) {
        return target;
    }

    @Override
    public Expr compute(List<Expr> operands) {
        return operands.get(0);
    }

    @Override
    public boolean differentiable(int operand) {
        return target.isFloating();
    }

    @Override
    public <T> T partial(Differentiation<T> at, int operand) {
        return at.gradient();
    }
}

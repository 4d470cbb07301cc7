// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.Shape;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * {@code log(sum(e^x))} along some dimensions, computed as {@code max + log(sum(e^(x - max)))}, which does not overflow.
 *
 * @param dimensions the dimensions, all if empty
 * @param keepDimensions true to keep them with size 1
 */
public record LogSumExp(List<Integer> dimensions, boolean keepDimensions) implements FloatingComposite {
    /** Copies the dimensions. */
    public LogSumExp {
        dimensions = List.copyOf(dimensions);
    }

    /** {@code log(sum(e^x))} along dimensions. */
    public static <T> T logSumExp(Ops<T> ops, T operand, List<Integer> dimensions, boolean keepDimensions) {
        return ops.apply(new LogSumExp(dimensions, keepDimensions), operand);
    }

    @Override
    public String gradientName() {
        return "LogsumexpBackward";
    }

    @Override
    public <T> T decompose(Ops<T> ops, List<T> operands) {
        T x = operands.get(0);
        Sum sum = new Sum(dimensions, keepDimensions);
        Shape shape = sum.infer(List.of(ops.type(x))).shape();
        if (ops.type(x).shape().elements() == 0) {
            return Log.log(ops, ops.apply(sum, Exp.exp(ops, x)));
        }
        T largest = Amax.amax(ops, x, dimensions, true);
        // an infinity minus itself would be NaN
        T infinite = Eq.eq(ops, Abs.abs(ops, largest), ops.number(Double.POSITIVE_INFINITY));
        T shift = Where.where(ops, infinite, ops.number(0), largest);
        T total = ops.apply(sum, Exp.exp(ops, Sub.sub(ops, x, shift)));
        return Add.add(ops, Log.log(ops, total), Reshape.reshape(ops, shift, shape));
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return true;
    }

    @Override
    public boolean savesOutput() {
        return true;
    }

    /** {@code g e^(x - y)}. */
    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        Shape domain = at.operandType(0).shape();
        Shape kept = new Sum(dimensions, true).kept(domain);
        T share = Exp.exp(ops, Sub.sub(ops, at.operand(0), Reshape.reshape(ops, at.output(), kept)));
        return Mul.mul(ops, Reshape.reshape(ops, at.gradient(), kept), share);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import java.util.List;
import java.util.function.IntPredicate;

/**
 * The standard deviation along some dimensions: the square root of {@link Var}. Its gradient is 0 where it is 0.
 *
 * @param dimensions the dimensions, all if empty
 * @param correction 1 for the estimate from a sample, 0 for the elements' own deviation
 * @param keepDimensions true to keep the dimensions with size 1
 */
public record Std(List<Integer> dimensions, int correction, boolean keepDimensions) implements FloatingComposite {
    /** Copies the dimensions. */
    public Std {
        dimensions = List.copyOf(dimensions);
    }

    /** The standard deviation along dimensions. */
    public static <T> T std(Ops<T> ops, T operand, List<Integer> dimensions, int correction, boolean keepDimensions) {
        return ops.apply(new Std(dimensions, correction, keepDimensions), operand);
    }

    @Override
    public <T> T decompose(Ops<T> ops, List<T> operands) {
        return Sqrt.sqrt(ops, Var.var(ops, operands.get(0), dimensions, correction, keepDimensions));
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return true;
    }

    @Override
    public boolean savesOutput() {
        return true;
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        T half = Div.div(ops, at.gradient(), Mul.mul(ops, at.output(), ops.number(2)));
        T flat = Eq.eq(ops, at.output(), ops.number(0));
        T ofVariance = Where.where(ops, flat, ops.number(0), half);
        return new Var(dimensions, correction, keepDimensions).slope(ops, at.operand(0), ofVariance);
    }
}

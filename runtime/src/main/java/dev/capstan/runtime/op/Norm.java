// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.Shape;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * The Euclidean length of vectors along some dimensions. Its gradient is 0 where it is 0.
 *
 * @param dimensions the dimensions, all if empty
 * @param keepDimensions true to keep them with size 1
 */
public record Norm(List<Integer> dimensions, boolean keepDimensions) implements FloatingComposite {
    /** Copies the dimensions. */
    public Norm {
        dimensions = List.copyOf(dimensions);
    }

    /** The Euclidean length along dimensions. */
    public static <T> T norm(Ops<T> ops, T operand, List<Integer> dimensions, boolean keepDimensions) {
        return ops.apply(new Norm(dimensions, keepDimensions), operand);
    }

    @Override
    public <T> T decompose(Ops<T> ops, List<T> operands) {
        T x = operands.get(0);
        return Sqrt.sqrt(ops, Sum.sum(ops, Mul.mul(ops, x, x), dimensions, keepDimensions));
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
        T flat = Eq.eq(ops, at.output(), ops.number(0));
        T scaled = Where.where(ops, flat, ops.number(0), Div.div(ops, at.gradient(), at.output()));
        Shape kept = new Sum(dimensions, true).kept(at.operandType(0).shape());
        return Mul.mul(ops, at.operand(0), Reshape.reshape(ops, scaled, kept));
    }
}

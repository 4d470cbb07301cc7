// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.Shape;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * The variance along some dimensions: the squared distances from the mean, summed and divided by the number of elements less
 * a correction.
 *
 * @param dimensions the dimensions, all if empty
 * @param correction 1 for the estimate from a sample, 0 for the elements' own variance
 * @param keepDimensions true to keep the dimensions with size 1
 */
public record Var(List<Integer> dimensions, int correction, boolean keepDimensions) implements FloatingComposite {
    /** Copies the dimensions. */
    public Var {
        dimensions = List.copyOf(dimensions);
    }

    /** The variance along dimensions. */
    public static <T> T var(Ops<T> ops, T operand, List<Integer> dimensions, int correction, boolean keepDimensions) {
        return ops.apply(new Var(dimensions, correction, keepDimensions), operand);
    }

    @Override
    public <T> T decompose(Ops<T> ops, List<T> operands) {
        T x = operands.get(0);
        T distance = distance(ops, x);
        T sum = Sum.sum(ops, Mul.mul(ops, distance, distance), dimensions, keepDimensions);
        return Div.div(ops, sum, ops.number(divisor(ops.type(x).shape())));
    }

    private <T> T distance(Ops<T> ops, T x) {
        return Sub.sub(ops, x, Mean.mean(ops, x, dimensions, true));
    }

    private double divisor(Shape domain) {
        return Math.max(new Sum(dimensions, true).count(domain) - correction, 0);
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return true;
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        return slope(at.ops(), at.operand(0), at.gradient());
    }

    /** The gradient of the operand: {@code 2 / divisor} times its distance from the mean. */
    <T> T slope(Ops<T> ops, T x, T gradient) {
        Shape domain = ops.type(x).shape();
        T spread = Sum.spread(ops, gradient, new Sum(dimensions, true).kept(domain), domain);
        T scaled = Mul.mul(ops, spread, ops.number(2 / divisor(domain)));
        return Mul.mul(ops, scaled, distance(ops, x));
    }
}

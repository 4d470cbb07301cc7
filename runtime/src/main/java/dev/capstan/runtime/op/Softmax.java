// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import java.util.List;

/**
 * {@code e^x / sum(e^x)} along a dimension, computed as {@code e^(x - max) / sum(e^(x - max))}, which does not overflow.
 *
 * @param dimension the dimension, negative from the end
 */
public record Softmax(int dimension) implements FloatingComposite {
    /** Positive numbers with sum 1 along a dimension. */
    public static <T> T softmax(Ops<T> ops, T operand, int dimension) {
        return ops.apply(new Softmax(dimension), operand);
    }

    @Override
    public <T> T decompose(Ops<T> ops, List<T> operands) {
        T x = operands.get(0);
        if (ops.type(x).shape().elements() == 0) {
            ops.type(x).shape().dimension(name(), dimension);
            return Clone.clone(ops, x);
        }
        T powers = Exp.exp(ops, Sub.sub(ops, x, Amax.amax(ops, x, List.of(dimension), true)));
        return Div.div(ops, powers, Sum.sum(ops, powers, List.of(dimension), true));
    }

    @Override
    public boolean savesOutput() {
        return true;
    }

    /** {@code y (g - sum(g y))}. */
    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        T weighted = Mul.mul(ops, at.gradient(), at.output());
        T mean = Sum.sum(ops, weighted, List.of(dimension), true);
        return Sub.sub(ops, weighted, Mul.mul(ops, at.output(), mean));
    }
}

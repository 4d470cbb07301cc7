// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import java.util.List;

/**
 * The logarithm of {@link Softmax}, computed as {@code x - max - log(sum(e^(x - max)))}, accurate also where the softmax is
 * close to 0.
 *
 * @param dimension the dimension, negative from the end
 */
public record LogSoftmax(int dimension) implements FloatingComposite {
    /** Logarithms of positive numbers with sum 1 along a dimension. */
    public static <T> T logSoftmax(Ops<T> ops, T operand, int dimension) {
        return ops.apply(new LogSoftmax(dimension), operand);
    }

    @Override
    public <T> T decompose(Ops<T> ops, List<T> operands) {
        T x = operands.get(0);
        if (ops.type(x).shape().elements() == 0) {
            ops.type(x).shape().dimension(name(), dimension);
            return Clone.clone(ops, x);
        }
        T below = Sub.sub(ops, x, Amax.amax(ops, x, List.of(dimension), true));
        T sum = Sum.sum(ops, Exp.exp(ops, below), List.of(dimension), true);
        return Sub.sub(ops, below, Log.log(ops, sum));
    }

    @Override
    public boolean savesOutput() {
        return true;
    }

    /** {@code g - e^y sum(g)}. */
    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        T total = Sum.sum(ops, at.gradient(), List.of(dimension), true);
        return Sub.sub(ops, at.gradient(), Mul.mul(ops, Exp.exp(ops, at.output()), total));
    }
}

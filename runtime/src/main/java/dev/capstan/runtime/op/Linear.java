// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * {@code x W^T + b} of rows {@code [...,m,k]}, a weight {@code [n,k]} and, if there is one, a bias {@code [n]}. The tape records
 * it as PyTorch's does, as a product with the transposed weight; a region queues it as one operator, for networks consist of
 * it.
 */
public record Linear() implements Composite {
    private static final Linear INSTANCE = new Linear();

    /** {@code x W^T}. */
    public static <T> T linear(Ops<T> ops, T input, T weight) {
        return ops.apply(INSTANCE, input, weight);
    }

    /** {@code x W^T + b}. */
    public static <T> T linear(Ops<T> ops, T input, T weight, T bias) {
        return ops.apply(INSTANCE, input, weight, bias);
    }

    @Override
    public <T> T decompose(Ops<T> ops, List<T> operands) {
        infer(ops.types(operands));
        T input = operands.get(0);
        T transposed = MatrixTranspose.t(ops, operands.get(1));
        boolean isBiased = operands.size() == 3;
        if (isBiased && ops.type(input).shape().rank() == 2) {
            return Addmm.addmm(ops, operands.get(2), input, transposed);
        }
        T product = Matmul.matmul(ops, input, transposed);
        return isBiased ? Add.add(ops, product, operands.get(2)) : product;
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        Shape x = operands.get(0).shape();
        Shape w = operands.get(1).shape();
        if (x.rank() < 2 || w.rank() != 2) {
            throw new CapstanException(name(), "operands are not [...,m,k] and [n,k]", x + " and " + w);
        }
        int inner = x.rank() - 1;
        if (x.size(inner) != w.size(1)) {
            throw new CapstanException(
                    name(),
                    "inner dimensions differ",
                    x + " and " + w + " (" + x.size(inner) + " != " + w.size(1) + ")");
        }
        Contraction.verifyTypes(name(), operands.get(0), operands.get(1));
        TensorType product = new TensorType(operands.get(0).dtype(), x.with(inner, w.size(0)));
        if (operands.size() == 3) {
            Addmm.verifyBias(name(), operands.get(2), product);
            if (operands.get(2).shape().rank() > 1) {
                throw new CapstanException(
                        name(), "the bias is not [n]", operands.get(2).shape().toString());
            }
        }
        return product;
    }

    @Override
    public boolean isQueuedWhole() {
        return true;
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return operand < 2 && needed.test(1 - operand);
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        if (operand == 2) {
            return Sum.sumTo(ops, at.gradient(), at.operandType(2).shape());
        }
        T gradient = Matmul.rows(ops, at.gradient());
        if (operand == 0) {
            return Reshape.reshape(
                    ops, Mm.mm(ops, gradient, at.operand(1)), at.operandType(0).shape());
        }
        return MatrixTranspose.t(ops, Mm.mm(ops, MatrixTranspose.t(ops, Matmul.rows(ops, at.operand(0))), gradient));
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;
import java.util.function.IntPredicate;

/** {@code bias + a x b}: the bias is added to the finished product, broadcast. */
public record Addmm() implements Composite {
    private static final Addmm INSTANCE = new Addmm();

    /** {@code bias + a x b}. */
    public static <T> T addmm(Ops<T> ops, T bias, T a, T b) {
        return ops.apply(INSTANCE, bias, a, b);
    }

    @Override
    public <T> T decompose(Ops<T> ops, List<T> operands) {
        T product = Mm.mm(ops, operands.get(1), operands.get(2));
        return Add.add(ops, product, operands.get(0));
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        TensorType product = new Mm().infer(operands.subList(1, 3));
        verifyBias(name(), operands.get(0), product);
        return product;
    }

    /** Refuses what cannot be added to a product without changing its type. */
    static void verifyBias(String operator, TensorType bias, TensorType product) {
        if (bias.dtype() != product.dtype()) {
            throw new CapstanException(operator, "element types differ", bias + " + " + product);
        }
        if (!Shape.broadcast(operator, bias.shape(), product.shape()).equals(product.shape())) {
            throw new CapstanException(operator, "the bias is larger than the product", bias + " + " + product);
        }
    }

    @Override
    public boolean isOneNode() {
        return true;
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return operand > 0 && needed.test(3 - operand);
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        return switch (operand) {
            case 0 -> Sum.sumTo(ops, at.gradient(), at.operandType(0).shape());
            case 1 -> Mm.mm(ops, at.gradient(), MatrixTranspose.t(ops, at.operand(2)));
            default -> Mm.mm(ops, MatrixTranspose.t(ops, at.operand(1)), at.gradient());
        };
    }
}

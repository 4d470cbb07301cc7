// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;
import java.util.function.IntPredicate;

/** The product of two matrices, {@code [m,k] x [k,n]}. */
public record Mm() implements Contraction {
    private static final Mm INSTANCE = new Mm();

    /** The product of two matrices, {@code [m,k] x [k,n]}. */
    public static <T> T mm(Ops<T> ops, T left, T right) {
        return ops.apply(INSTANCE, left, right);
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        Shape a = operands.get(0).shape();
        Shape b = operands.get(1).shape();
        if (a.rank() != 2 || b.rank() != 2) {
            throw new CapstanException(name(), "operands are not [m,k] x [k,n]", a + " x " + b);
        }
        if (a.size(1) != b.size(0)) {
            throw new CapstanException(
                    name(), "inner dimensions differ", a + " x " + b + " (" + a.size(1) + " != " + b.size(0) + ")");
        }
        Contraction.verifyTypes(name(), operands.get(0), operands.get(1));
        return new TensorType(operands.get(0).dtype(), Shape.of(a.size(0), b.size(1)));
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return needed.test(1 - operand);
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        T other = MatrixTranspose.t(ops, at.operand(1 - operand));
        return operand == 0 ? mm(ops, at.gradient(), other) : mm(ops, other, at.gradient());
    }
}

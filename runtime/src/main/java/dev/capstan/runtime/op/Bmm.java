// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;
import java.util.function.IntPredicate;

/** The products of two stacks of matrices, {@code [b,m,k] x [b,k,n]}. */
public record Bmm() implements Contraction {
    private static final Bmm INSTANCE = new Bmm();

    /** The products of two stacks of matrices, {@code [b,m,k] x [b,k,n]}. */
    public static <T> T bmm(Ops<T> ops, T left, T right) {
        return ops.apply(INSTANCE, left, right);
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        Shape a = operands.get(0).shape();
        Shape b = operands.get(1).shape();
        if (a.rank() != 3 || b.rank() != 3) {
            throw new CapstanException(name(), "operands are not [b,m,k] x [b,k,n]", a + " x " + b);
        }
        if (a.size(0) != b.size(0)) {
            throw new CapstanException(name(), "numbers of matrices differ", a + " x " + b);
        }
        if (a.size(2) != b.size(1)) {
            throw new CapstanException(
                    name(), "inner dimensions differ", a + " x " + b + " (" + a.size(2) + " != " + b.size(1) + ")");
        }
        Contraction.verifyTypes(name(), operands.get(0), operands.get(1));
        return new TensorType(operands.get(0).dtype(), Shape.of(a.size(0), a.size(1), b.size(2)));
    }

    @Override
    public boolean savesOperand(int operand, IntPredicate needed) {
        return needed.test(1 - operand);
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        Ops<T> ops = at.ops();
        T other = Transpose.transpose(ops, at.operand(1 - operand), 1, 2);
        return operand == 0 ? bmm(ops, at.gradient(), other) : bmm(ops, other, at.gradient());
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.Arrays;
import java.util.List;

/**
 * The matrix product of tensors of any rank, as NumPy defines it: vectors stand for a row or a column, leading dimensions
 * broadcast.
 */
public record Matmul() implements Composite {
    private static final Matmul INSTANCE = new Matmul();

    /** The matrix product. */
    public static <T> T matmul(Ops<T> ops, T left, T right) {
        return ops.apply(INSTANCE, left, right);
    }

    @Override
    public <T> T decompose(Ops<T> ops, List<T> operands) {
        T left = operands.get(0);
        T right = operands.get(1);
        Shape a = ops.type(left).shape();
        Shape b = ops.type(right).shape();
        verify(ops.type(left), ops.type(right));
        if (a.rank() == 1 && b.rank() == 1) {
            return Sum.sum(ops, Mul.mul(ops, left, right), List.of(), false);
        }
        if (a.rank() == 1) {
            return Squeeze.squeeze(ops, matmul(ops, Unsqueeze.unsqueeze(ops, left, 0), right), -2);
        }
        if (b.rank() == 1) {
            return Squeeze.squeeze(ops, matmul(ops, left, Unsqueeze.unsqueeze(ops, right, 1)), -1);
        }
        if (a.rank() == 2 && b.rank() == 2) {
            return Mm.mm(ops, left, right);
        }
        if (b.rank() == 2) {
            T product = Mm.mm(ops, rows(ops, left), right);
            return Reshape.reshape(ops, product, a.with(a.rank() - 1, b.size(1)));
        }
        return batched(ops, left, right, a, b);
    }

    /** The rows of many matrices as those of one: {@code [...,m,k]} as {@code [rows,k]}. */
    static <T> T rows(Ops<T> ops, T operand) {
        Shape shape = ops.type(operand).shape();
        int last = shape.rank() - 1;
        int rows = 1;
        for (int i = 0; i < last; i++) {
            rows *= shape.size(i);
        }
        return Reshape.reshape(ops, operand, Shape.of(rows, shape.size(last)));
    }

    private static <T> T batched(Ops<T> ops, T left, T right, Shape a, Shape b) {
        int[] leadA = Arrays.copyOf(a.sizes(), a.rank() - 2);
        int[] leadB = Arrays.copyOf(b.sizes(), b.rank() - 2);
        Shape lead = Shape.broadcast("matmul", Shape.of(leadA), Shape.of(leadB));
        int m = a.size(a.rank() - 2);
        int k = a.size(a.rank() - 1);
        int n = b.size(b.rank() - 1);
        T stackedA = Reshape.reshape(ops, Expand.expand(ops, left, append(lead, m, k)), stack(lead, m, k));
        T stackedB = Reshape.reshape(ops, Expand.expand(ops, right, append(lead, k, n)), stack(lead, k, n));
        return Reshape.reshape(ops, Bmm.bmm(ops, stackedA, stackedB), append(lead, m, n));
    }

    private static Shape stack(Shape lead, int rows, int columns) {
        return Shape.of(lead.elements(), rows, columns);
    }

    private static Shape append(Shape lead, int rows, int columns) {
        return lead.insert(lead.rank(), rows).insert(lead.rank() + 1, columns);
    }

    private void verify(TensorType left, TensorType right) {
        Shape a = left.shape();
        Shape b = right.shape();
        if (a.rank() == 0 || b.rank() == 0) {
            throw new CapstanException(name(), "a 0-d tensor has no matrix product", a + " x " + b);
        }
        int inner = b.rank() == 1 ? b.size(0) : b.size(b.rank() - 2);
        if (a.size(a.rank() - 1) != inner) {
            throw new CapstanException(
                    name(),
                    "inner dimensions differ",
                    a + " x " + b + " (" + a.size(a.rank() - 1) + " != " + inner + ")");
        }
        Contraction.verifyTypes(name(), left, right);
    }
}

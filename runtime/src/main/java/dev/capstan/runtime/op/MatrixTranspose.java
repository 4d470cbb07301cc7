// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.Layout;
import java.util.Optional;

/** The transpose of a matrix; a vector or a scalar is itself. */
public record MatrixTranspose() implements View {
    private static final MatrixTranspose INSTANCE = new MatrixTranspose();

    /** The transpose. */
    public static <T> T t(Ops<T> ops, T operand) {
        return ops.apply(INSTANCE, operand);
    }

    @Override
    public String name() {
        return "t";
    }

    @Override
    public String gradientName() {
        return "TBackward";
    }

    @Override
    public Optional<Layout> view(Layout operand) {
        int rank = operand.shape().rank();
        if (rank > 2) {
            throw new CapstanException(
                    "t", "more than two dimensions", operand.shape().toString());
        }
        return Optional.of(rank < 2 ? operand : operand.permute(new int[] {1, 0}));
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        return t(at.ops(), at.gradient());
    }
}

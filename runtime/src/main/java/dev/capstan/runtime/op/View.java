// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.TensorType;
import java.util.List;
import java.util.Optional;

/** A movement whose result shares its operand's storage wherever strides can express it, and is a copy elsewhere. */
public non-sealed interface View extends Operator {
    /**
     * The layout of the result over the operand's storage, or empty if the operand must be made contiguous first. Never
     * empty for a contiguous operand.
     */
    Optional<Layout> view(Layout operand);

    @Override
    default boolean isView() {
        return true;
    }

    @Override
    default TensorType infer(List<TensorType> operands) {
        TensorType operand = operands.get(0);
        Layout result = view(Layout.contiguous(operand.shape())).orElseThrow();
        return new TensorType(operand.dtype(), result.shape());
    }

    @Override
    default <R> R accept(OperatorVisitor<R> visitor) {
        return visitor.visit(this);
    }
}

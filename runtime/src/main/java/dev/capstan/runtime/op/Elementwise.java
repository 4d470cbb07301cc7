// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.Expr;
import dev.capstan.runtime.kernel.Kernel;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.ArrayList;
import java.util.List;

/**
 * An operator that computes each element of the result from the elements at the same place in its operands, which
 * broadcast. It supplies one scalar expression.
 */
public non-sealed interface Elementwise extends Operator {
    /** The scalar expression over operands that have been converted to {@link #operandType}. */
    Expr compute(List<Expr> operands);

    /**
     * The gradient of one operand before it is summed over broadcast dimensions and converted to the operand's type.
     */
    <T> T partial(Differentiation<T> at, int operand);

    /** The type in which the operator computes: the promotion of its operands. */
    default DType computeType(List<TensorType> operands) {
        return TensorType.promote(operands);
    }

    /** The type to which one operand is converted. */
    default DType operandType(int operand, DType computeType) {
        return computeType;
    }

    /** The type of the result, given the type in which the operator computes. */
    default DType resultType(DType computeType) {
        return computeType;
    }

    @Override
    default TensorType infer(List<TensorType> operands) {
        Shape shape = operands.get(0).shape();
        for (int i = 1; i < operands.size(); i++) {
            Shape other = operands.get(i).shape();
            shape = shape.equals(other) ? shape : Shape.broadcast(name(), shape, other);
        }
        return new TensorType(resultType(computeType(operands)), shape);
    }

    /** The kernel for operands of these types: conversions, expression, conversion to the result's type. */
    default Kernel kernel(List<TensorType> operands) {
        DType computeType = computeType(operands);
        List<DType> inputs = new ArrayList<>();
        List<Expr> converted = new ArrayList<>();
        for (int i = 0; i < operands.size(); i++) {
            DType type = operands.get(i).dtype();
            inputs.add(type);
            converted.add(Expr.input(i, type).cast(operandType(i, computeType)));
        }
        return Kernel.of(inputs, List.of(compute(converted).cast(resultType(computeType))));
    }

    @Override
    default <T> T gradient(Differentiation<T> at, int operand) {
        TensorType target = at.operandType(operand);
        T summed = Sum.sumTo(at.ops(), partial(at, operand), target.shape());
        return Cast.cast(at.ops(), summed, target.dtype());
    }

    @Override
    default <R> R accept(OperatorVisitor<R> visitor) {
        return visitor.visit(this);
    }
}

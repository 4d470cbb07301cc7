// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;
import java.util.Optional;

/** The places of the smallest or the largest elements, the first ones where several are equal; NaN is before all. */
interface Choice extends Composite {
    /** The dimension along which to look, negative from the end; empty to look among all elements. */
    Optional<Integer> dimension();

    /** True to keep the dimension with size 1. */
    boolean keepDimensions();

    /** The elements that are looked for, along one dimension that stays. */
    <T> T chosen(Ops<T> ops, T operand, int dimension);

    @Override
    default boolean isOneNode() {
        return true;
    }

    @Override
    default boolean differentiable(int operand) {
        return false;
    }

    @Override
    default TensorType infer(List<TensorType> operands) {
        List<Integer> reduced = dimension().stream().toList();
        reduced.forEach(along -> operands.get(0).shape().dimension(name(), along));
        Amax reduction = new Amax(reduced, keepDimensions());
        Extremum.verifyChoice(name(), reduction, operands.get(0));
        if (operands.get(0).dtype() == DType.BOOL) {
            throw new CapstanException(
                    name(), "bool elements are not numbers", operands.get(0).toString());
        }
        return new TensorType(DType.INT64, reduction.infer(operands).shape());
    }

    @Override
    default <T> T decompose(Ops<T> ops, List<T> operands) {
        T x = operands.get(0);
        Shape shape = infer(List.of(ops.type(x))).shape();
        if (dimension().isEmpty()) {
            x = Reshape.reshape(ops, x, Shape.of(ops.type(x).shape().elements()));
        }
        Shape domain = ops.type(x).shape();
        int along =
                dimension().isEmpty() ? 0 : domain.dimension(name(), dimension().get());
        int size = domain.rank() == 0 ? 1 : domain.size(along);
        // a sum of bools is or: there is a NaN only where NaN is chosen
        T found = Add.add(ops, Eq.eq(ops, x, chosen(ops, x, along)), Ne.ne(ops, x, x));
        T places = Arange.along(ops, size, along, domain.rank());
        T beyond = Cast.cast(ops, ops.number(size), DType.INT64);
        T first = Amin.amin(ops, Where.where(ops, found, places, beyond), List.of(along), keepDimensions());
        return ops.type(first).shape().equals(shape) ? first : Clone.clone(ops, Reshape.reshape(ops, first, shape));
    }
}

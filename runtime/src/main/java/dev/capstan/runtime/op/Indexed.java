// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.type.CapstanException;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;
import java.util.OptionalLong;

/**
 * An operator that reads, or adds to, the first operand at places that the second operand tells: int64 or int32 indices
 * along one dimension. Additions are made in ascending order of the source's elements.
 */
public non-sealed interface Indexed extends Operator {
    /** The dimension of the first operand to which the indices belong, negative from the end. */
    int dimension();

    /** An index that stands for no place: zero is read there, and nothing is added. */
    OptionalLong ignored();

    /** False if the result is what is read; true if it is the first operand with the third added to it. */
    boolean accumulates();

    /**
     * The elements that are moved: the result's, or those of the third operand, as they lie in the first operand's
     * dimensions, of which there is at least one.
     */
    Shape moved(List<TensorType> operands);

    /** Which index, of contiguous ones, belongs to each element that is moved. */
    Layout indices(Shape index, Shape moved);

    @Override
    default boolean differentiable(int operand) {
        return operand != 1;
    }

    /** Refuses indices that are no integers. */
    static void verifyIndex(String operator, TensorType index) {
        if (index.dtype() != DType.INT64 && index.dtype() != DType.INT32) {
            throw new CapstanException(operator, "the indices are neither int64 nor int32", index.toString());
        }
    }

    /** Refuses to add elements of another type, and bools. */
    static void verifyAddition(String operator, TensorType whole, TensorType source) {
        if (whole.dtype() != source.dtype()) {
            throw new CapstanException(operator, "element types differ", whole + " and " + source);
        }
        if (whole.dtype() == DType.BOOL) {
            throw new CapstanException(operator, "bool elements are not numbers", whole.toString());
        }
    }

    /** A shape with at least one dimension. */
    static Shape vector(Shape shape) {
        return shape.rank() == 0 ? Shape.of(1) : shape;
    }

    /** Refuses indices that are not in range; for operands of the right types and shapes. */
    default void verifyIndices(Shape whole, NdArray index) {
        int along = whole.dimension(name(), dimension());
        int size = vector(whole).size(along);
        for (int position : index.positions()) {
            long place = integer(index.storage().array(), position);
            if (!isInside(place, size)) {
                throw outside(place, whole);
            }
        }
    }

    /** True for an index below a size, and for the ignored one. */
    default boolean isInside(long place, int size) {
        return place >= 0 && place < size || ignored().isPresent() && ignored().getAsLong() == place;
    }

    /** The refusal of an index. */
    default CapstanException outside(long place, Shape whole) {
        return new CapstanException(
                name(),
                "index out of range",
                place + " for dimension " + whole.dimension(name(), dimension()) + " of " + whole);
    }

    /** An element of an array of int64 or int32. */
    static long integer(Object array, int position) {
        return array instanceof long[] longs ? longs[position] : ((int[]) array)[position];
    }

    @Override
    default <R> R accept(OperatorVisitor<R> visitor) {
        return visitor.visit(this);
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.op;

import dev.capstan.runtime.kernel.ReductionKernel;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;
import java.util.List;

/**
 * An operator that combines all elements along some dimensions. It supplies what is combined, how, and what becomes of
 * the combined state.
 */
public non-sealed interface Reduction extends Operator {
    /** The dimensions that are combined; an empty list means all. Negative ones count from the end. */
    List<Integer> dimensions();

    /** True if the combined dimensions stay with size 1. */
    boolean keepDimensions();

    /** The type of the result. */
    DType resultType(List<TensorType> operands);

    /**
     * The computation for operands of these types.
     *
     * @param count number of elements that are combined into one result
     */
    ReductionKernel kernel(List<TensorType> operands, int count);

    /** The shape over which the reduction runs: the broadcast of its operands. */
    default Shape domain(List<TensorType> operands) {
        Shape shape = operands.get(0).shape();
        for (int i = 1; i < operands.size(); i++) {
            shape = Shape.broadcast(name(), shape, operands.get(i).shape());
        }
        return shape;
    }

    /** For each dimension of the domain, whether it is combined. */
    default boolean[] reduced(Shape domain) {
        boolean[] reduced = new boolean[domain.rank()];
        if (dimensions().isEmpty()) {
            java.util.Arrays.fill(reduced, true);
        }
        for (int dimension : dimensions()) {
            int index = domain.dimension(name(), dimension);
            if (domain.rank() > 0) {
                if (reduced[index]) {
                    throw new dev.capstan.runtime.type.CapstanException(
                            name(), "a dimension appears twice", dimensions().toString());
                }
                reduced[index] = true;
            }
        }
        return reduced;
    }

    /** Number of elements of the domain that are combined into one result. */
    default int count(Shape domain) {
        boolean[] reduced = reduced(domain);
        int count = 1;
        for (int i = 0; i < reduced.length; i++) {
            count *= reduced[i] ? domain.size(i) : 1;
        }
        return count;
    }

    /** The domain with the combined dimensions as size 1. */
    default Shape kept(Shape domain) {
        boolean[] reduced = reduced(domain);
        int[] sizes = domain.sizes();
        for (int i = 0; i < reduced.length; i++) {
            sizes[i] = reduced[i] ? 1 : sizes[i];
        }
        return Shape.of(sizes);
    }

    @Override
    default TensorType infer(List<TensorType> operands) {
        Shape domain = domain(operands);
        Shape shape = kept(domain);
        if (!keepDimensions()) {
            boolean[] reduced = reduced(domain);
            for (int i = reduced.length - 1; i >= 0; i--) {
                shape = reduced[i] ? shape.remove(i) : shape;
            }
        }
        return new TensorType(resultType(operands), shape);
    }

    @Override
    default <R> R accept(OperatorVisitor<R> visitor) {
        return visitor.visit(this);
    }
}

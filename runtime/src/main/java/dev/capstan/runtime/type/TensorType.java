// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.type;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * What is known of a tensor before it has values.
 *
 * @param dtype the element type
 * @param shape the sizes
 * @param wrapped true for a Java number that stands as an operand; it promotes only across categories, as in PyTorch
 */
public record TensorType(DType dtype, Shape shape, boolean wrapped) {
    public TensorType {
        requireNonNull(dtype, "dtype");
        requireNonNull(shape, "shape");
    }

    /** The type of an ordinary tensor. */
    public TensorType(DType dtype, Shape shape) {
        this(dtype, shape, false);
    }

    /**
     * The element type of a mix of operands: tensors with dimensions decide over 0-d tensors, those over Java numbers,
     * unless the lesser is of a higher category (bool, integral, floating).
     *
     * <p>Source: PyTorch, {@code torch.result_type}.
     */
    public static DType promote(List<TensorType> operands) {
        DType dimensioned = null;
        DType scalar = null;
        DType number = null;
        for (TensorType operand : operands) {
            if (operand.wrapped) {
                DType type = operand.dtype.isFloating() ? DType.FLOAT32 : operand.dtype;
                number = number == null ? type : DType.promote(number, type);
            } else if (operand.shape.rank() == 0) {
                scalar = scalar == null ? operand.dtype : DType.promote(scalar, operand.dtype);
            } else {
                dimensioned = dimensioned == null ? operand.dtype : DType.promote(dimensioned, operand.dtype);
            }
        }
        return absorb(dimensioned, absorb(scalar, number));
    }

    private static DType absorb(DType higher, DType lower) {
        if (higher == null || lower == null) {
            return higher == null ? lower : higher;
        }
        return lower.category().compareTo(higher.category()) > 0 ? lower : higher;
    }

    @Override
    public String toString() {
        return dtype + shape.toString();
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.memory;

import static java.util.Objects.requireNonNull;

import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.Shape;
import dev.capstan.runtime.type.TensorType;

/**
 * Values without a tape: a storage and the layout of the elements in it. Several may share a storage (views).
 *
 * @param storage the elements
 * @param layout where they lie
 */
public record NdArray(Storage storage, Layout layout) {
    public NdArray {
        requireNonNull(storage, "storage");
        requireNonNull(layout, "layout");
    }

    /** A new contiguous array of zeros. */
    public static NdArray zeros(DType dtype, Shape shape) {
        return new NdArray(Storage.allocate(dtype, shape.elements()), Layout.contiguous(shape));
    }

    /** A 0-d array that holds one number, converted to the type. */
    public static NdArray scalar(DType dtype, double value) {
        NdArray array = zeros(dtype, Shape.SCALAR);
        array.set(0, value);
        return array;
    }

    /** The element type. */
    public DType dtype() {
        return storage.dtype();
    }

    /** The sizes. */
    public Shape shape() {
        return layout.shape();
    }

    /** Element type and sizes. */
    public TensorType type() {
        return new TensorType(dtype(), shape());
    }

    /** Another view of the same storage. */
    public NdArray view(Layout other) {
        return new NdArray(storage, other);
    }

    /** The element at a position of the storage as a double; an int64 above 2^53 is rounded. */
    public double get(int position) {
        Object array = storage.array();
        return switch (dtype()) {
            case FLOAT32 -> ((float[]) array)[position];
            case FLOAT64 -> ((double[]) array)[position];
            case INT64 -> ((long[]) array)[position];
            case INT32 -> ((int[]) array)[position];
            case UINT8, BOOL -> ((byte[]) array)[position] & 0xff;
        };
    }

    /** Writes one element at a position of the storage, converted as a Java cast does; bool is 0 or 1. */
    public void set(int position, double value) {
        Object array = storage.array();
        switch (dtype()) {
            case FLOAT32 -> ((float[]) array)[position] = (float) value;
            case FLOAT64 -> ((double[]) array)[position] = value;
            case INT64 -> ((long[]) array)[position] = (long) value;
            case INT32 -> ((int[]) array)[position] = (int) value;
            case UINT8 -> ((byte[]) array)[position] = (byte) (long) value;
            case BOOL -> ((byte[]) array)[position] = (byte) (value != 0 ? 1 : 0);
        }
    }

    /** Storage positions of all elements in row-major order. */
    public int[] positions() {
        Shape shape = shape();
        int[] positions = new int[shape.elements()];
        if (positions.length == 0) {
            return positions;
        }
        int[] index = new int[shape.rank()];
        int position = layout.offset();
        for (int i = 0; ; i++) {
            positions[i] = position;
            int dimension = shape.rank() - 1;
            while (dimension >= 0 && ++index[dimension] == shape.size(dimension)) {
                position -= layout.stride(dimension) * (shape.size(dimension) - 1);
                index[dimension--] = 0;
            }
            if (dimension < 0) {
                return positions;
            }
            position += layout.stride(dimension);
        }
    }
}

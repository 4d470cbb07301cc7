// SPDX-License-Identifier: Apache-2.0
package dev.capstan.runtime.abi;

import static java.util.Objects.requireNonNull;

import dev.capstan.runtime.memory.NdArray;
import dev.capstan.runtime.memory.Storage;
import dev.capstan.runtime.type.DType;
import dev.capstan.runtime.type.Layout;

/**
 * Where an operand of a step lies.
 *
 * @param slot index of the array among those of the program
 * @param dtype its element type
 * @param layout its elements, relative to the offset of the array
 */
public record Operand(int slot, DType dtype, Layout layout) {
    public Operand {
        requireNonNull(dtype, "dtype");
        requireNonNull(layout, "layout");
    }

    NdArray in(Object[] arrays, int[] offsets) {
        Storage storage = Storage.of(dtype, arrays[slot]);
        int offset = offsets[slot];
        return new NdArray(
                storage, offset == 0 ? layout : Layout.of(layout.shape(), layout.strides(), layout.offset() + offset));
    }
}

// SPDX-License-Identifier: Apache-2.0
package dev.capstan.tracer.rewrite;

import dev.capstan.runtime.op.Assembly;
import dev.capstan.runtime.op.Differentiation;
import dev.capstan.runtime.type.Layout;
import dev.capstan.runtime.type.TensorType;
import java.util.List;

/**
 * Several pieces laid into zeros at once, in disjoint places.
 *
 * @param tiles for each operand the assembly that lays it, alone, into the zeros; all give the same type
 * @param covers true if the pieces leave nothing of the zeros
 */
record Mosaic(List<Assembly> tiles, boolean covers) implements Assembly {
    /** Copies the tiles. */
    Mosaic {
        tiles = List.copyOf(tiles);
    }

    @Override
    public TensorType infer(List<TensorType> operands) {
        return tiles.get(0).infer(operands.subList(0, 1));
    }

    @Override
    public Layout place(int operand, List<TensorType> operands, Layout result) {
        return tiles.get(operand).place(0, operands.subList(operand, operand + 1), result);
    }

    @Override
    public <T> T gradient(Differentiation<T> at, int operand) {
        throw new IllegalStateException("a mosaic is made after differentiation");
    }

    @Override
    public String toString() {
        return "Mosaic" + tiles;
    }
}
